package native

// Nobody can give, change or take a role above their own level. Those who act for the
// organization have the highest level.
var levels = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "add at one's own level", op: "add-member", body: `{"user_id":"{zoe}","role":"admin"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "add above an admin", op: "add-member", body: `{"user_id":"{zoe}","role":"owner"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "invite above an admin", op: "add-member", body: `{"email":"zoe@new.example","role":"owner"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "put above an admin", op: "put-member", on: "user=zoe", body: `{"role":"owner"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "add to a role of level 45", op: "add-member", body: `{"user_id":"{zoe}","role":"deputy"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "raise above an admin", op: "update-member", body: `{"role":"owner"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "in a batch, too", op: "batch-members", body: `{"mode":"atomic","operations":[{"op":"update","user_id":"{vic}","role":"owner"}]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "demote an owner", op: "update-member", on: "user=otto", body: `{"role":"viewer"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "limit an owner in time", op: "update-member", on: "user=otto", body: `{"expires_at":"2999-01-01T00:00:00Z"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "take an owner's permissions", op: "update-member", on: "user=otto", body: `{"permissions":[]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "remove an owner", op: "remove-member", on: "user=otto",
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "suspend an owner", op: "suspend-member", on: "user=otto",
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "reinstate an owner", op: "reinstate-member", on: "user=oona",
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "renew an owner's invitation", op: "resend-invitation", on: "user=iris",
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "give the workspace away", op: "transfer-ownership", body: `{"from_user_id":"{otto}","to_user_id":"{vic}"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "give away what is one's own", op: "transfer-ownership", body: `{"to_user_id":"{vic}"}`,
		want: "needed    needed    yes       above     no        no        no        absent    absent    no        no",
	},
}
