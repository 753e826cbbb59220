package native

// These rules say which operations lead from one state of a membership to another:
// invited, active, suspended, removed.
var transitions = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "accept for who is invited", op: "accept-member-invitation", on: "user=ivy",
		want: "yes       yes       no        no        no        no        no        no        no        no        no",
	},
	{
		says: "accept for a member, again", op: "accept-member-invitation",
		want: "yes       yes       no        no        no        no        no        no        no        no        no",
	},
	{
		says: "accept oneself, without an invitation", op: "accept-member-invitation", on: "user=self",
		want: "uninvited uninvited yes       yes       yes       yes       yes       uninvited uninvited uninvited uninvited",
	},
	{
		says: "accept for who is suspended", op: "accept-member-invitation", on: "user=sue",
		want: "uninvited uninvited no        no        no        no        no        no        no        no        no",
	},
	{
		says: "accept for who was removed", op: "accept-member-invitation", on: "user=ron",
		want: "uninvited uninvited no        no        no        no        no        no        no        no        no",
	},
	{
		says: "renew what is no invitation", op: "resend-invitation",
		want: "uninvited uninvited uninvited uninvited no        no        no        uninvited uninvited no        no",
	},
	{
		says: "suspend who is suspended", op: "suspend-member", on: "user=sue",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "suspend who is invited", op: "suspend-member", on: "user=ivy",
		want: "inactive  inactive  inactive  inactive  no        no        no        inactive  inactive  no        no",
	},
	{
		says: "reinstate who is active", op: "reinstate-member",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "reinstate who is invited", op: "reinstate-member", on: "user=ivy",
		want: "inactive  inactive  inactive  inactive  no        no        no        inactive  inactive  no        no",
	},
	{
		says: "remove who was removed", op: "remove-member", on: "user=ron",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "remove who never was a member", op: "remove-member", on: "user=zoe",
		want: "absent    absent    absent    absent    no        no        no        absent    absent    no        no",
	},
	{
		says: "change who was removed", op: "update-member", on: "user=ron", body: `{"role":"client"}`,
		want: "absent    absent    absent    absent    no        no        no        absent    absent    no        no",
	},
	{
		says: "change who is suspended", op: "update-member", on: "user=sue", body: `{"role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "leave", op: "leave-workspace", on: "user=self",
		want: "no        no        yes       yes       yes       yes       yes       absent    absent    absent    absent",
	},
	{
		says: "make another leave", op: "leave-workspace",
		want: "no        no        no        no        no        no        no        no        no        no        no",
	},
}
