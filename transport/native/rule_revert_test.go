package native

// Who may undo an event is who may make the change that undoes it.
var reverting = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "that added a member", op: "revert-event", on: "event=viced", full: true,
		want: "yes       scope     yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "that added a member to the organization", op: "revert-event", on: "event=ranked", full: true,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "without an opposite", op: "revert-event", on: "event=founded", full: true,
		want: "final     scope     final     final     final     final     final     final     final     final     final",
	},
}
