package native

// Those who act for the organization can have events delivered, if they may read them.
var subscribing = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "make", op: "create-subscription", body: `{"name":"x","kind":"webhook","url":"http://127.0.0.1:9/","types":["muster.user.profile_set"]}`, full: true,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "make for NATS", op: "create-subscription", body: `{"name":"x","kind":"nats"}`, full: true,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "make for another's workspace", op: "create-subscription", body: `{"name":"x","kind":"nats","workspace_id":"{zoe}"}`, full: true,
		want: "nowhere   scope     no        no        no        no        no        nowhere   nowhere   no        no",
	},
	{
		says: "rename", op: "update-subscription", on: "subscription=hook", body: `{"name":"y"}`,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "send elsewhere", op: "update-subscription", on: "subscription=hook", body: `{"url":"http://127.0.0.1:9/b"}`, full: true,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "pause", op: "pause-subscription", on: "subscription=hook",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "resume", op: "resume-subscription", on: "subscription=paused", full: true,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "rewind", op: "rewind-subscription", on: "subscription=hook", body: `{"from":"latest"}`, full: true,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "skip what is not next", op: "skip-event", on: "subscription=waiting", body: `{"position":"{position}","reason":"x"}`,
		want: "notnext   scope     no        no        no        no        no        notnext   notnext   no        no",
	},
	{
		says: "rotate the secret", op: "rotate-subscription-secret", on: "subscription=hook", full: true,
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "delete", op: "delete-subscription", on: "subscription=waiting",
		want: "yes       scope     no        no        no        no        no        yes       yes       no        no",
	},
}
