package native

// A user who is a member cannot be added again. A role must exist to be given. Ina has
// the role intern, which is archived.
var adding = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "a member", op: "add-member", body: `{"user_id":"{vic}","role":"client"}`,
		want: "already   already   already   already   no        no        no        already   already   no        no",
	},
	{
		says: "who is suspended", op: "add-member", body: `{"user_id":"{sue}","role":"client"}`,
		want: "already   already   already   already   no        no        no        already   already   no        no",
	},
	{
		says: "who is invited, by the address", op: "add-member", body: `{"email":"IVY@new.example","role":"client"}`,
		want: "already   already   already   already   no        no        no        already   already   no        no",
	},
	{
		says: "who was removed", op: "add-member", body: `{"user_id":"{ron}","role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "to an unknown role", op: "add-member", body: `{"user_id":"{zoe}","role":"boss"}`,
		want: "unknown   unknown   unknown   unknown   no        no        no        unknown   unknown   no        no",
	},
	{
		says: "to an archived role", op: "add-member", body: `{"user_id":"{zoe}","role":"intern"}`,
		want: "unknown   unknown   unknown   unknown   no        no        no        unknown   unknown   no        no",
	},
	{
		says: "to change to an archived role", op: "update-member", body: `{"role":"intern"}`,
		want: "unknown   unknown   unknown   unknown   no        no        no        unknown   unknown   no        no",
	},
	{
		says: "who has an archived role keeps it", op: "put-member", on: "user=ina", body: `{"role":"intern","permissions":[]}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "somebody else's address", op: "add-member", body: `{"user_id":"{zoe}","role":"client","email":"ivy@new.example"}`,
		want: "taken     no        no        no        no        no        no        taken     taken     no        no",
	},
	{
		says: "a known user with an address", op: "add-member", body: `{"user_id":"{zoe}","role":"client","email":"zoe@new.example"}`,
		want: "yes       no        no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "a user by the address that they have", op: "add-member", body: `{"user_id":"{ron}","role":"client","email":"RON@new.example"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "until a time that is past", op: "add-member", body: `{"user_id":"{zoe}","role":"client","expires_at":"2001-01-01T00:00:00Z"}`,
		want: "past      past      past      past      no        no        no        past      past      no        no",
	},
	{
		says: "to contradict the directory", op: "add-member", body: `{"user_id":"{ron}","role":"client","email":"other@new.example"}`,
		want: "yes       no        no        no        no        no        no        yes       yes       no        no",
	},
}
