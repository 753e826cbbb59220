package native

// Those who act for the organization can make roles for it, of levels 1 to 49.
var ownRoles = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "make", op: "create-role", body: `{"key":"reviewer","name":"Reviewer","level":25,"permissions":["reports.view"]}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "make at 49", op: "create-role", body: `{"key":"reviewer","name":"Reviewer","level":49,"permissions":[]}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "make at 50", op: "create-role", body: `{"key":"reviewer","name":"Reviewer","level":50,"permissions":[]}`,
		want: "range     scope     no        no        no        no        no        range     range     no        no",
	},
	{
		says: "make at 0", op: "create-role", body: `{"key":"reviewer","name":"Reviewer","level":0,"permissions":[]}`,
		want: "range     scope     no        no        no        no        no        range     range     no        no",
	},
	{
		says: "make one that is there", op: "create-role", body: `{"key":"deputy","name":"Deputy","level":25,"permissions":[]}`,
		want: "exists    scope     no        no        no        no        no        exists    exists    no        no",
	},
	{
		says: "make one that was archived", op: "create-role", body: `{"key":"intern","name":"Intern","level":25,"permissions":[]}`,
		want: "exists    scope     no        no        no        no        no        exists    exists    no        no",
	},
	{
		says: "make one that is built in", op: "create-role", body: `{"key":"editor","name":"Editor","level":25,"permissions":[]}`,
		want: "exists    scope     no        no        no        no        no        exists    exists    no        no",
	},
	{
		says: "change", op: "update-role", on: "role=deputy", body: `{"level":20}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "change one that is built in", op: "update-role", on: "role=editor", body: `{"level":20}`,
		want: "builtin   scope     no        no        no        no        no        builtin   builtin   no        no",
	},
	{
		says: "archive", op: "archive-role", on: "role=deputy",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "archive twice", op: "archive-role", on: "role=intern",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
}
