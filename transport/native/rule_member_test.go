package native

// Members can be managed by owners and admins of the workspace, by owners and admins of
// the organization, and by programs within their scopes. Nobody else can.
var managing = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "add a member", op: "add-member", body: `{"user_id":"{zoe}","role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "invite somebody", op: "add-member", body: `{"email":"zoe@new.example","role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "put a member", op: "put-member", on: "user=zoe", body: `{"role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "change a role", op: "update-member", body: `{"role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "limit a membership in time", op: "update-member", body: `{"expires_at":"2999-01-01T00:00:00Z"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "take permissions", op: "update-member", body: `{"permissions":[]}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "remove a member", op: "remove-member",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "suspend a member", op: "suspend-member",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "reinstate a member", op: "reinstate-member", on: "user=sue",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "renew an invitation", op: "resend-invitation", on: "user=ivy",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "take an invitation back", op: "remove-member", on: "user=ivy",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "do several at once", op: "batch-members", body: `{"mode":"atomic","operations":[{"op":"add","user_id":"{zoe}","role":"client"},{"op":"remove","user_id":"{vic}"}]}`, full: true,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "rename the workspace", op: "update-workspace", body: `{"name":"Other"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "archive the workspace", op: "archive-workspace",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "restore a workspace", op: "restore-workspace", on: "workspace=attic",
		want: "yes       absent    yes       yes       no        no        no        yes       yes       no        no",
	},
}
