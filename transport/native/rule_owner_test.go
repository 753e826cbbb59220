package native

// A workspace always has an active owner whose membership does not end, and so has an
// organization. The only owner of solo is sol. The only one of the organization is olive.
var lastOwners = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "demote the last one", op: "update-member", on: "user=sol workspace=solo", body: `{"role":"admin"}`,
		want: "last      absent    no        no        no        no        no        last      last      no        no",
	},
	{
		says: "put the last one lower", op: "put-member", on: "user=sol workspace=solo", body: `{"role":"admin"}`,
		want: "last      absent    no        no        no        no        no        last      last      no        no",
	},
	{
		says: "remove the last one", op: "remove-member", on: "user=sol workspace=solo",
		want: "last      absent    no        no        no        no        no        last      last      no        no",
	},
	{
		says: "suspend the last one", op: "suspend-member", on: "user=sol workspace=solo",
		want: "last      absent    no        no        no        no        no        last      last      no        no",
	},
	{
		says: "let the last one expire", op: "update-member", on: "user=sol workspace=solo", body: `{"expires_at":"2999-01-01T00:00:00Z"}`,
		want: "last      absent    no        no        no        no        no        last      last      no        no",
	},
	{
		says: "remove the last one in a batch", op: "batch-members", on: "workspace=solo", body: `{"mode":"atomic","operations":[{"op":"remove","user_id":"{sol}"}]}`, full: true,
		want: "last      absent    no        no        no        no        no        last      last      no        no",
	},
	{
		says: "offboard the last one", op: "remove-organization-member", on: "user=sol",
		want: "last      scope     no        no        no        no        no        last      last      no        no",
	},
	{
		says: "offboard one of two", op: "remove-organization-member", on: "user=otto",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "give the workspace to who leaves by themself", op: "transfer-ownership", body: `{"from_user_id":"{otto}","to_user_id":"{tim}"}`,
		want: "last      last      last      above     no        no        no        last      last      no        no",
	},
	{
		says: "demote the organization's", op: "put-organization-member", on: "user=olive", body: `{"role":"admin"}`,
		want: "last      scope     no        no        no        no        no        last      above     no        no",
	},
	{
		says: "remove the organization's", op: "remove-organization-member", on: "user=olive",
		want: "last      scope     no        no        no        no        no        last      above     no        no",
	},
	{
		says: "suspend the last one of a workspace in the organization", op: "suspend-organization-member", on: "user=sol",
		want: "last      scope     no        no        no        no        no        last      last      no        no",
	},
	{
		says: "suspend one of two in the organization", op: "suspend-organization-member", on: "user=otto",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "suspend the organization's", op: "suspend-organization-member", on: "user=olive",
		want: "last      scope     no        no        no        no        no        last      above     no        no",
	},
}
