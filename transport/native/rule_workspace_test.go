package native

// An archived workspace can be read. Writes are refused, even to those who could
// otherwise make them. The users of the columns have the same roles in the attic as in
// the studio.
var archivedWorkspace = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{says: "add", op: "add-member", on: "workspace=attic", body: `{"user_id":"{zoe}","role":"client"}`, want: inAttic},
	{says: "put", op: "put-member", on: "workspace=attic user=zoe", body: `{"role":"client"}`, want: inAttic},
	{says: "change", op: "update-member", on: "workspace=attic user=edna", body: `{"role":"client"}`, want: inAttic},
	{says: "remove", op: "remove-member", on: "workspace=attic user=edna", want: inAttic},
	{says: "suspend", op: "suspend-member", on: "workspace=attic user=edna", want: inAttic},
	{says: "reinstate", op: "reinstate-member", on: "workspace=attic user=edna", want: inAttic},
	{says: "renew an invitation", op: "resend-invitation", on: "workspace=attic user=ivy", want: inAttic},
	{says: "batch", op: "batch-members", on: "workspace=attic", body: `{"mode":"best_effort","operations":[{"op":"remove","user_id":"{edna}"}]}`, full: true, want: inAttic},
	{says: "transfer", op: "transfer-ownership", on: "workspace=attic", body: `{"from_user_id":"{olga}","to_user_id":"{edna}"}`, want: inAttic},
	{says: "rename", op: "update-workspace", on: "workspace=attic", body: `{"name":"Other"}`, want: inAttic},
	{
		says: "leave", op: "leave-workspace", on: "workspace=attic user=self",
		want: "no        absent    frozen    frozen    frozen    frozen    frozen    frozen    frozen    frozen    frozen",
	},
	{
		says: "accept", op: "accept-member-invitation", on: "workspace=attic user=ivy",
		want: "frozen    absent    no        no        no        no        no        no        no        no        no",
	},
	{
		says: "read", op: "list-members", on: "workspace=attic",
		want: "yes       absent    yes       yes       yes       yes       yes       yes       yes       yes       yes",
	},
}

const inAttic = "frozen    absent    frozen    frozen    no        no        no        frozen    frozen    no        no"
