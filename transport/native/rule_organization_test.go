package native

// The organization itself, its members and its directory.
var organizations = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "rename", op: "update-organization", body: `{"name":"Other"}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "make a workspace", op: "create-workspace", body: `{"name":"Third","owner_user_id":"{olga}"}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "make an admin", op: "put-organization-member", on: "user=zoe", body: `{"role":"admin"}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "make an owner", op: "put-organization-member", on: "user=zoe", body: `{"role":"owner"}`,
		want: "yes       scope     no        no        no        no        no        yes       above     no        no",
	},
	{
		says: "give an unknown role", op: "put-organization-member", on: "user=zoe", body: `{"role":"editor"}`,
		want: "unknown   scope     no        no        no        no        no        unknown   unknown   no        no",
	},
	{
		says: "demote an admin", op: "put-organization-member", on: "user=ann", body: `{"role":"member"}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "remove a member", op: "remove-organization-member", on: "user=max",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "remove a stranger", op: "remove-organization-member", on: "user=zoe",
		want: "absent    scope     no        no        no        no        no        absent    absent    no        no",
	},
	{
		says: "suspend a member", op: "suspend-organization-member", on: "user=max",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "reinstate a member", op: "reinstate-organization-member", on: "user=max",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "write somebody's profile", op: "put-user", on: "user=vic", body: `{"email":"vic@new.example"}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "claim an address", op: "put-user", on: "user=self", body: `{"email":"self@new.example"}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "erase a stranger", op: "erase-user", on: "user=zoe",
		want: "absent    scope     no        no        no        no        no        absent    no        no        no",
	},
	{
		says: "make an organization", op: "create-organization", body: `{"name":"New","owner":{"email":"new@new.example"}}`,
		want: "scope",
	},
}
