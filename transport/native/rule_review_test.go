package native

// Who opens a review, decides in it and closes it.
var reviewing = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "open", op: "open-review", body: `{"name":"x"}`, full: true,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "open one of a workspace", op: "open-review", body: `{"name":"x","workspace_id":"{studio}"}`, full: true,
		want: "yes       scope     yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "keep a viewer", op: "decide-review", on: "review=review", full: true,
		body: `{"decisions":[{"workspace_id":"{studio}","user_id":"{vic}","decision":"kept"}]}`,
		want: "person    scope     yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "revoke the role of an owner", op: "decide-review", on: "review=audit", full: true,
		body: `{"decisions":[{"workspace_id":"{studio}","user_id":"{otto}","decision":"revoked"}]}`,
		want: "person    scope     yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "close", op: "close-review", on: "review=review", body: `{"leave_undecided":true,"reason":"x"}`, full: true,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "close one of a workspace", op: "close-review", on: "review=audit", body: `{"leave_undecided":true,"reason":"x"}`, full: true,
		want: "yes       scope     yes       yes       no        no        no        yes       yes       no        no",
	},
}
