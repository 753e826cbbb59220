package transport

// Refusal is the problem of one part of a request, such as an operation of a batch.
type Refusal struct {
	Code         string         `json:"code" doc:"The kind of problem, for programs: as in the problem that it would be by itself." example:"last_owner"`
	Status       int            `json:"status" minimum:"400" maximum:"599" doc:"The HTTP status that the problem would have by itself." example:"409"`
	Title        string         `json:"title" bounds:"title" doc:"What the code means; the same for every occurrence." example:"The last owner stays"`
	Detail       string         `json:"detail" bounds:"detail" doc:"What is wrong." example:"there must be an active owner: make somebody else an owner first"`
	Errors       []FieldProblem `json:"errors,omitempty" bounds:"errors" nullable:"false" doc:"Which fields are wrong, and how."`
	MembershipID string         `json:"membership_id,omitempty" format:"uuid" doc:"With already_member: the membership that exists."`
}

// Refusal returns what the answer shows of an error in one part of the request.
func (c *Call) Refusal(err error) *Refusal {
	p := c.problemOf(err)
	return &Refusal{p.Code, p.Status, p.Title, p.Detail, p.Errors, p.MembershipID}
}
