package native

// A token is never stronger than the token that issued it, and is bound to the same
// person. Any person can revoke their own tokens.
var tokens = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "for a program", op: "issue-token", body: `{"name":"x","scopes":["access:read"]}`, full: true,
		want: "yes       scope     more      more      more      more      more      more      more      more      no",
	},
	{
		says: "for oneself", op: "issue-token", body: `{"name":"x","scopes":["all:all"],"user_id":"{self}"}`, full: true,
		want: "yes       scope     yes       yes       yes       yes       yes       yes       yes       yes       no",
	},
	{
		says: "for oneself in the workspace", op: "issue-token", body: `{"name":"x","scopes":["all:all"],"user_id":"{self}","workspace_id":"{studio}"}`, full: true,
		want: "yes       scope     yes       yes       yes       yes       yes       yes       yes       yes       no",
	},
	{
		says: "for another", op: "issue-token", body: `{"name":"x","scopes":["access:read"],"user_id":"{vic}"}`, full: true,
		want: "yes       scope     more      more      more      more      more      more      more      more      no",
	},
	{
		says: "for no workspace", op: "issue-token", body: `{"name":"x","scopes":["access:read"],"user_id":"{self}","workspace_id":"{zoe}"}`, full: true,
		want: "nowhere   scope     nowhere   nowhere   nowhere   nowhere   nowhere   nowhere   nowhere   nowhere   no",
	},
	{
		says: "revoke a program's", op: "revoke-token", on: "token=robot",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "revoke another's", op: "revoke-token", on: "token=vics",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "rotate a program's", op: "rotate-token", on: "token=robot", full: true,
		want: "yes       scope     more      more      more      more      more      more      more      more      no",
	},
	{
		says: "rotate another's", op: "rotate-token", on: "token=vics", full: true,
		want: "yes       scope     more      more      more      more      more      more      more      more      no",
	},
}
