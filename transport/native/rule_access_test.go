package native

// Only scopes decide who may read. It is up to the product what it shows to its users.
var reading = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "members", op: "list-members",
		want: "yes",
	},
	{
		says: "a member", op: "get-member",
		want: "yes",
	},
	{
		says: "access", op: "list-access",
		want: "yes",
	},
	{
		says: "events", op: "list-events",
		want: "yes       scope     yes       yes       yes       yes       yes       yes       yes       yes       yes",
	},
	{
		says: "users", op: "list-users",
		want: "yes       scope     yes       yes       yes       yes       yes       yes       yes       yes       yes",
	},
}
