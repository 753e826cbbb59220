package native

// Below level 50 an actor gives only permissions that they have, both by a list and by a
// role. Nobody can widen or prolong the membership by which they manage. Bob and Pia are
// admins with lists of their own. Tim is an admin until next year. A biller may see what
// no admin may.
var permissions = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "what every manager has", op: "update-member", body: `{"permissions":["content.edit"]}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "what only an owner has", op: "update-member", body: `{"permissions":["workspace.own"]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "what no role has", op: "update-member", body: `{"permissions":["billing.view"]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "to a new member, too", op: "add-member", body: `{"user_id":"{zoe}","role":"client","permissions":["billing.view"]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "to an invited person, too", op: "add-member", body: `{"email":"zoe@new.example","role":"client","permissions":["billing.view"]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role", op: "update-member", body: `{"role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role that is put", op: "put-member", body: `{"role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role, to a new member", op: "add-member", body: `{"user_id":"{zoe}","role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role, to an invited person", op: "add-member", body: `{"email":"zoe@new.example","role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role, to a former member", op: "put-member", on: "user=ron", body: `{"role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role, in a batch", op: "batch-members", body: `{"mode":"atomic","operations":[{"op":"update","user_id":"{vic}","role":"biller"}]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "a role beside a list of what one has", op: "update-member", body: `{"role":"biller","permissions":["content.edit"]}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "another's list can go", op: "update-member", on: "user=bob", body: `{"permissions":null}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "another's time can go", op: "update-member", on: "user=tim", body: `{"expires_at":null}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
}
