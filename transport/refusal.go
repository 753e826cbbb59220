package transport

// Refusal is a problem of one of many things that a request asks for.
type Refusal struct {
	Code         string         `json:"code" doc:"The kind of problem, for programs: as in the problem that it would be by itself." example:"last_owner"`
	Status       int            `json:"status" minimum:"400" maximum:"599" doc:"The HTTP status that the problem would have by itself." example:"409"`
	Title        string         `json:"title" doc:"What the code means; the same for every occurrence." example:"The last owner stays"`
	Detail       string         `json:"detail" doc:"What is wrong." example:"there must be an active owner: make somebody else an owner first"`
	Errors       []FieldProblem `json:"errors,omitempty" nullable:"false" doc:"Which fields are wrong, and how."`
	MembershipID string         `json:"membership_id,omitempty" format:"uuid" doc:"With already_member: the membership that exists."`
}

// refusal is the error of what stands in the body at the pointer.
func (c *call) refusal(err error, pointer string) *Refusal {
	p := c.problemOf(err)
	return &Refusal{p.Code, p.Status, p.Title, p.Detail, below(pointer, p.Errors), p.MembershipID}
}

// below answers the problems of fields of something that stands at the pointer.
func below(pointer string, fields []FieldProblem) []FieldProblem {
	if pointer == "" {
		return fields
	}
	moved := make([]FieldProblem, len(fields))
	for i, f := range fields {
		moved[i] = FieldProblem{pointer + f.Pointer, f.Code, f.Detail}
	}
	return moved
}
