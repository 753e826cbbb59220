package native

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// rule is one row of the table of who may do what: an operation, what it is done to, and
// the answer for each kind of token.
type rule struct {
	says string
	op   string // the operation's id
	on   string // what its path names: NAME=WHAT, with names of the stage; by default the studio and vic
	body string // with names of the stage in braces; {self} is the user that the token is bound to
	want string // an answer for each column, or one for all
	// full says that the operation needs more scopes than the one that it declares.
	full bool
}

// columns are the kinds of tokens that the rules distinguish.
var columns = []string{
	"program",   // of the organization, with every scope
	"wprogram",  // the same, bound to the studio
	"owner",     // bound to the owner of the studio, and so on
	"admin",     //
	"editor",    //
	"viewer",    //
	"client",    //
	"orgowner",  // bound to an owner of the organization, and so on; none is a member of the studio
	"orgadmin",  //
	"orgmember", //
	"stranger",  // bound to a user who has nothing else in the organization
}

// answers maps the words of the table to the code of a problem. The status follows from
// the code. An empty code means success.
var answers = map[string]string{
	"yes":       "",
	"no":        "not_allowed",
	"above":     "role_above_own",
	"more":      "scope_above_own",
	"scope":     "insufficient_scope",
	"last":      "last_owner",
	"absent":    "not_found",
	"already":   "already_member",
	"unknown":   "unknown_role",
	"frozen":    "workspace_archived",
	"uninvited": "not_invited",
	"inactive":  "not_active",
	"taken":     "email_taken",
	"past":      "in_the_past",
	"range":     "out_of_range",
	"exists":    "role_exists",
	"builtin":   "role_built_in",
	"needed":    "required",
	"nowhere":   "unknown_workspace",
	"dead":      "invalid_token",
	"nobody":    "missing_token",
}

// rules are the rules in the API's documentation. Every cell that says yes is tried with
// validate_only. One such cell of each row is also carried out.
var rules = slices.Concat(managing, levels, permissions, lastOwners, adding, archivedWorkspace, transitions, ownRoles, organizations, tokens, reading)

// Members can be managed by owners and admins of the workspace, by owners and admins of
// the organization, and by programs within their scopes. Nobody else can.
var managing = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "add a member", op: "add-member", body: `{"user_id":"{zoe}","role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "invite somebody", op: "add-member", body: `{"email":"zoe@new.example","role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "put a member", op: "put-member", on: "user=zoe", body: `{"role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "change a role", op: "update-member", body: `{"role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "limit a membership in time", op: "update-member", body: `{"expires_at":"2999-01-01T00:00:00Z"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "take permissions", op: "update-member", body: `{"permissions":[]}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "remove a member", op: "remove-member",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "suspend a member", op: "suspend-member",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "reinstate a member", op: "reinstate-member", on: "user=sue",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "renew an invitation", op: "resend-invitation", on: "user=ivy",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "take an invitation back", op: "remove-member", on: "user=ivy",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "do several at once", op: "batch-members", body: `{"mode":"atomic","operations":[{"op":"add","user_id":"{zoe}","role":"client"},{"op":"remove","user_id":"{vic}"}]}`, full: true,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "rename the workspace", op: "update-workspace", body: `{"name":"Other"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "archive the workspace", op: "archive-workspace",
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "restore a workspace", op: "restore-workspace", on: "workspace=attic",
		want: "yes       absent    yes       yes       no        no        no        yes       yes       no        no",
	},
}

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

// Below level 50 an actor gives only permissions that they have, be it by a list or by a
// role. Nobody can widen or prolong the membership by which they manage. Bob and Pia are
// admins with lists of their own. Tim is an admin until next year. A biller may see what
// no admin may.
var permissions = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "what every manager has", op: "update-member", body: `{"permissions":["content.edit"]}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "what only an owner has", op: "update-member", body: `{"permissions":["workspace.own"]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "what no role has", op: "update-member", body: `{"permissions":["billing.view"]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "to who is added, too", op: "add-member", body: `{"user_id":"{zoe}","role":"client","permissions":["billing.view"]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "to who is invited, too", op: "add-member", body: `{"email":"zoe@new.example","role":"client","permissions":["billing.view"]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role", op: "update-member", body: `{"role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role that is put", op: "put-member", body: `{"role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role, to who is added", op: "add-member", body: `{"user_id":"{zoe}","role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role, to who is invited", op: "add-member", body: `{"email":"zoe@new.example","role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role, to who was removed", op: "put-member", on: "user=ron", body: `{"role":"biller"}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "by a role, in a batch", op: "batch-members", body: `{"mode":"atomic","operations":[{"op":"update","user_id":"{vic}","role":"biller"}]}`,
		want: "yes       yes       yes       above     no        no        no        yes       yes       no        no",
	},
	{
		says: "a role beside a list of what one has", op: "update-member", body: `{"role":"biller","permissions":["content.edit"]}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "another's list can go", op: "update-member", on: "user=bob", body: `{"permissions":null}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "another's time can go", op: "update-member", on: "user=tim", body: `{"expires_at":null}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
}

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

// A user who is a member cannot be added again. A role must exist to be given. Ina has
// the role intern, which is archived.
var adding = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{
		says: "a member", op: "add-member", body: `{"user_id":"{vic}","role":"client"}`,
		want: "already   already   already   already   no        no        no        already   already   no        no",
	},
	{
		says: "who is suspended", op: "add-member", body: `{"user_id":"{sue}","role":"client"}`,
		want: "already   already   already   already   no        no        no        already   already   no        no",
	},
	{
		says: "who is invited, by the address", op: "add-member", body: `{"email":"IVY@new.example","role":"client"}`,
		want: "already   already   already   already   no        no        no        already   already   no        no",
	},
	{
		says: "who was removed", op: "add-member", body: `{"user_id":"{ron}","role":"client"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "to an unknown role", op: "add-member", body: `{"user_id":"{zoe}","role":"boss"}`,
		want: "unknown   unknown   unknown   unknown   no        no        no        unknown   unknown   no        no",
	},
	{
		says: "to an archived role", op: "add-member", body: `{"user_id":"{zoe}","role":"intern"}`,
		want: "unknown   unknown   unknown   unknown   no        no        no        unknown   unknown   no        no",
	},
	{
		says: "to change to an archived role", op: "update-member", body: `{"role":"intern"}`,
		want: "unknown   unknown   unknown   unknown   no        no        no        unknown   unknown   no        no",
	},
	{
		says: "who has an archived role keeps it", op: "put-member", on: "user=ina", body: `{"role":"intern","permissions":[]}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "somebody else's address", op: "add-member", body: `{"user_id":"{zoe}","role":"client","email":"ivy@new.example"}`,
		want: "taken     no        no        no        no        no        no        taken     taken     no        no",
	},
	{
		says: "a known user with an address", op: "add-member", body: `{"user_id":"{zoe}","role":"client","email":"zoe@new.example"}`,
		want: "yes       no        no        no        no        no        no        yes       yes       no        no",
	},
	{
		says: "a user by the address that they have", op: "add-member", body: `{"user_id":"{ron}","role":"client","email":"RON@new.example"}`,
		want: "yes       yes       yes       yes       no        no        no        yes       yes       no        no",
	},
	{
		says: "until a time that is past", op: "add-member", body: `{"user_id":"{zoe}","role":"client","expires_at":"2001-01-01T00:00:00Z"}`,
		want: "past      past      past      past      no        no        no        past      past      no        no",
	},
	{
		says: "to contradict the directory", op: "add-member", body: `{"user_id":"{ron}","role":"client","email":"other@new.example"}`,
		want: "yes       no        no        no        no        no        no        yes       yes       no        no",
	},
}

// An archived workspace can be read. Writes are refused, even to those who could
// otherwise make them. The users of the columns have the same roles in the attic as in
// the studio.
var archivedWorkspace = []rule{
	//             program   wprogram  owner     admin     editor    viewer    client    orgowner  orgadmin  orgmember stranger
	{says: "add", op: "add-member", on: "workspace=attic", body: `{"user_id":"{zoe}","role":"client"}`, want: inAttic},
	{says: "put", op: "put-member", on: "workspace=attic user=zoe", body: `{"role":"client"}`, want: inAttic},
	{says: "change", op: "update-member", on: "workspace=attic user=edna", body: `{"role":"client"}`, want: inAttic},
	{says: "remove", op: "remove-member", on: "workspace=attic user=edna", want: inAttic},
	{says: "suspend", op: "suspend-member", on: "workspace=attic user=edna", want: inAttic},
	{says: "reinstate", op: "reinstate-member", on: "workspace=attic user=edna", want: inAttic},
	{says: "renew an invitation", op: "resend-invitation", on: "workspace=attic user=ivy", want: inAttic},
	{says: "batch", op: "batch-members", on: "workspace=attic", body: `{"mode":"best_effort","operations":[{"op":"remove","user_id":"{edna}"}]}`, full: true, want: inAttic},
	{says: "transfer", op: "transfer-ownership", on: "workspace=attic", body: `{"from_user_id":"{olga}","to_user_id":"{edna}"}`, want: inAttic},
	{says: "rename", op: "update-workspace", on: "workspace=attic", body: `{"name":"Other"}`, want: inAttic},
	{
		says: "leave", op: "leave-workspace", on: "workspace=attic user=self",
		want: "no        absent    frozen    frozen    frozen    frozen    frozen    frozen    frozen    frozen    frozen",
	},
	{
		says: "accept", op: "accept-member-invitation", on: "workspace=attic user=ivy",
		want: "frozen    absent    no        no        no        no        no        no        no        no        no",
	},
	{
		says: "read", op: "list-members", on: "workspace=attic",
		want: "yes       absent    yes       yes       yes       yes       yes       yes       yes       yes       yes",
	},
}

const inAttic = "frozen    absent    frozen    frozen    no        no        no        frozen    frozen    no        no"

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
		says: "make an organization", op: "create-organization", body: `{"name":"New","owner":{"email":"new@new.example"}}`,
		want: "scope",
	},
}

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

// stage is an organization with everything that the rules need.
type stage struct {
	*service
	things
	tokens  map[string]string // secrets, by the fields that they were issued with
	persons map[string]string // the user of each column; none for a program
}

func (s *service) stage() *stage {
	s.t.Helper()
	x := &stage{s, things{}, map[string]string{}, map[string]string{
		"owner": "olga", "admin": "adam", "editor": "edna", "viewer": "vera", "client": "carl",
		"orgowner": "olive", "orgadmin": "ann", "orgmember": "max", "stranger": "sid",
	}}
	for _, name := range []string{
		"olga", "otto", "oona", "adam", "bob", "pia", "tim", "edna", "vera", "vic", "carl", "sue", "ron", "ina", "olive", "ann", "max", "sid", "sol", "zoe",
	} {
		x.things[name] = newText()
	}
	x.things["org"] = x.do("POST", "/v1/organizations", `{"name":"Acme","owner":{"user_id":"{olive}","email":"olive@new.example"}}`).get("id")
	org := "/v1/organizations/{org}/"
	x.do("PUT", org+"members/{ann}", `{"role":"admin"}`)
	x.do("PUT", org+"members/{max}", `{"role":"member"}`)
	for name, owner := range map[string]string{"studio": "olga", "attic": "olga", "solo": "sol"} {
		x.things[name] = x.do("POST", org+"workspaces", `{"name":"A","owner_user_id":"{`+owner+`}"}`).get("id")
	}
	for _, key := range []string{"deputy", "intern"} {
		x.things[key] = x.do("POST", org+"roles", `{"key":"`+key+`","name":"X","level":`+map[string]string{"deputy": "45", "intern": "5"}[key]+`,"permissions":[]}`).get("id")
	}
	x.do("POST", org+"roles", `{"key":"biller","name":"Biller","level":30,"permissions":["billing.view"]}`)
	for _, ws := range []string{"studio", "attic"} {
		members := "/v1/workspaces/{" + ws + "}/members"
		for name, role := range map[string]string{"adam": "admin", "edna": "editor", "vera": "viewer", "carl": "client"} {
			x.do("POST", members, `{"user_id":"{`+name+`}","role":"`+role+`"}`)
		}
		x.things["ivy"] = x.do("POST", members, `{"email":"ivy@new.example","role":"editor"}`).get("user_id")
	}
	members := "/v1/workspaces/{studio}/members"
	x.things["iris"] = x.do("POST", members, `{"email":"iris@new.example","role":"owner"}`).get("user_id")
	for name, terms := range map[string]string{
		"otto": `"role":"owner"`, "oona": `"role":"owner"`, "vic": `"role":"viewer"`, "sue": `"role":"editor"`, "ina": `"role":"intern"`,
		"ron": `"role":"editor","email":"ron@new.example"`,
		"bob": `"role":"admin","permissions":["members.view","members.manage"]`,
		"pia": `"role":"admin","permissions":["members.manage"]`,
		"tim": `"role":"admin","expires_at":"` + x.now().Add(365*24*time.Hour).UTC().Format(time.RFC3339) + `"`,
	} {
		x.do("POST", members, `{"user_id":"{`+name+`}",`+terms+`}`)
	}
	x.do("POST", members+"/{sue}/suspend", "")
	x.do("POST", members+"/{oona}/suspend", "")
	x.do("DELETE", members+"/{ron}", "")
	x.do("DELETE", org+"roles/{intern}", "")
	x.do("POST", "/v1/workspaces/{attic}/archive", "")
	for _, r := range domain.BuiltInRoles() {
		x.things[string(r.Key)] = r.ID.String()
	}
	_, x.things["robot"] = x.issue(x.things["org"], `"scopes":["access:read"]`)
	_, x.things["vics"] = x.issue(x.things["org"], `"scopes":["access:read"],"user_id":"`+x.things["vic"]+`"`)
	return x
}

// do sends a request that prepares the stage, with the root token. It must succeed.
func (x *stage) do(method, path, body string) answer {
	x.t.Helper()
	a := x.root(method, x.fill(path), x.fill(body))
	if a.status >= 300 {
		x.t.Fatalf("%s: %d %s", a.asked, a.status, a.body)
	}
	return a
}

// token returns the secret of a token with those fields. The token is issued on first
// use.
func (x *stage) token(fields string) string {
	x.t.Helper()
	if x.tokens[fields] == "" {
		x.tokens[fields], _ = x.issue(x.things["org"], x.fill(fields))
	}
	return x.tokens[fields]
}

const everyScope = `"scopes":["all:all"]`

// of returns the token of a column.
func (x *stage) of(column string) string {
	x.t.Helper()
	switch person := x.persons[column]; {
	case person != "":
		return x.token(everyScope + `,"user_id":"{` + person + `}"`)
	case column == "wprogram":
		return x.token(everyScope + `,"workspace_id":"{studio}"`)
	default:
		return x.token(everyScope)
	}
}

// ask sends the request of a row for a column, with the given token.
func (x *stage) ask(r rule, op *huma.Operation, column, token string, try bool, headers ...string) answer {
	x.t.Helper()
	named := maps.Clone(x.things)
	named["organization"], named["workspace"], named["user"] = named["org"], named["studio"], named["vic"]
	named["self"] = named["zoe"]
	if person := x.persons[column]; person != "" {
		named["self"] = named[person]
	}
	for pair := range strings.FieldsSeq(r.on) {
		name, what, _ := strings.Cut(pair, "=")
		if named[what] == "" {
			x.t.Fatalf("%s: there is no %s on the stage", r.says, what)
		}
		named[name] = named[what]
	}
	path := named.fill(op.Path)
	if try && op.Method != http.MethodGet {
		path += "?validate_only=true"
	}
	return x.as(token, op.Method, path, named.fill(r.body), headers...)
}

// is reports whether the answer is the one in the table.
func (a answer) is(want string) bool {
	code, ok := answers[want]
	if !ok {
		a.t.Fatalf("there is no answer %q", want)
	}
	if code == "" {
		return a.status < 300
	}
	return a.status >= 400 && a.get("code") == code && statusOf(code) == a.status
}

func statusOf(code string) int {
	for _, k := range transport.Kinds() {
		if k.Code == code {
			return k.Status
		}
	}
	return 0
}

func TestRules(t *testing.T) {
	s := start(t, t.TempDir())
	x, other := s.stage(), s.tenant("Other")
	declared := map[string]*huma.Operation{}
	for _, op := range s.api.OpenAPI("").Operations() {
		declared[op.OperationID] = op
	}
	soon := s.now().Add(time.Hour).UTC().Format(time.RFC3339)
	revoked, revokedID := s.issue(x.things["org"], everyScope)
	s.root("DELETE", "/v1/organizations/"+x.things["org"]+"/tokens/"+revokedID, "").want(204)
	expired, _ := s.issue(x.things["org"], everyScope+`,"expires_at":"`+soon+`"`)
	rotate := func(overlap string) (former string) {
		former, id := s.issue(x.things["org"], everyScope)
		s.root("POST", "/v1/organizations/"+x.things["org"]+"/tokens/"+id+"/rotate", `{"overlap_seconds":`+overlap+`}`).want(200)
		return former
	}
	// Two hours later, the tokens in dead are not valid any more, and overlapping still
	// is.
	dead := map[string]string{"revoked": revoked, "expired": expired, "rotated before the overlap": rotate("3600")}
	overlapping := rotate("604800")
	s.clock.Add(int64(2 * time.Hour))
	before := x.written()

	for _, r := range rules {
		op := declared[r.op]
		if op == nil {
			t.Fatalf("%s: there is no operation %s", r.says, r.op)
		}
		want := strings.Fields(r.want)
		if len(want) == 1 {
			want = slices.Repeat(want, len(columns))
		}
		if len(want) != len(columns) {
			t.Fatalf("%s, %s: %d cells for %d columns", r.op, r.says, len(want), len(columns))
		}
		wide := reachOf(t, op.Method, op.Path) == transport.ReachOrganization
		t.Run(r.op+"/"+r.says, func(t *testing.T) {
			s.t = t
			check := func(who, want string, got answer) {
				t.Helper()
				if !got.is(want) {
					t.Errorf("%s: %d %s, want %s", who, got.status, got.body, want)
				}
			}
			for i, column := range columns {
				// Requests that must be refused are sent without validate_only.
				try := want[i] == "yes"
				check(column, want[i], x.ask(r, op, column, x.of(column), try))
				person := x.persons[column]
				if person == "" || strings.HasPrefix(r.op, "create-organization") {
					continue
				}
				// A program that acts on behalf of a person may do what the person may.
				if op.Method != http.MethodGet {
					check("a program for the "+column, want[i], x.ask(r, op, column, x.of("program"), try, "Muster-On-Behalf-Of", x.things[person]))
				}
				// A person's token that is bound to another workspace reaches nothing
				// here.
				check(column+" elsewhere", elsewhere(wide), x.ask(r, op, column, x.token(everyScope+`,"user_id":"{`+person+`}","workspace_id":"{`+another(r)+`}"`), false))
			}
			// Only their scopes distinguish programs.
			try := want[0] == "yes"
			if op.OperationID != "create-organization" {
				check("root", want[0], x.ask(r, op, "program", rootToken, try))
				if !r.full {
					check("a program with the scope", want[0], x.ask(r, op, "program", x.token(`"scopes":["`+op.Security[0][openapi.TokenScheme][0]+`"]`), try))
				}
				check("a program of another organization", "absent", x.ask(r, op, "program", other.token, false))
				check("a program of another workspace", elsewhere(wide), x.ask(r, op, "program", x.token(everyScope+`,"workspace_id":"{`+another(r)+`}"`), false))
			}
			check("a program within the overlap", want[0], x.ask(r, op, "program", overlapping, try))
			check("a program without the scope", "scope", x.ask(r, op, "program", x.token(`"scopes":["subscriptions:read"]`), false))
			for name, token := range dead {
				check(name, "dead", x.ask(r, op, "program", token, false))
			}
			check("nobody", "nobody", x.ask(r, op, "program", "", false))
		})
	}
	s.t = t
	if after := x.written(); after != before {
		t.Errorf("%d events were written by what was refused or only tried", after-before)
	}

	// What was only tried above is now carried out.
	for _, r := range rules {
		op := declared[r.op]
		if op.Method == http.MethodGet || !strings.Contains(r.want, "yes") {
			continue
		}
		column := columns[max(0, slices.Index(strings.Fields(r.want), "yes"))]
		fresh := s.stage()
		if got := fresh.ask(r, op, column, fresh.of(column), false); !got.is("yes") {
			t.Errorf("%s/%s, not only tried: %d %s", r.op, r.says, got.status, got.body)
		}
	}
}

// written returns how many events the organization has, without those of tokens.
func (x *stage) written() int {
	x.t.Helper()
	n := x.root("GET", "/v1/organizations/"+x.things["org"]+"/events?page_size=200&type=muster.member.*,muster.workspace.*,muster.organization.*,muster.role.*,muster.user.*", "").want(200).count()
	if n == 0 || n == 200 {
		x.t.Fatalf("%d events", n)
	}
	return n
}

// another returns a workspace that the row is not about.
func another(r rule) string {
	if strings.Contains(r.on, "workspace=solo") {
		return "attic"
	}
	return "solo"
}

// elsewhere returns the answer for a token that is bound to another workspace.
func elsewhere(wide bool) string {
	if wide {
		return "scope"
	}
	return "absent"
}

// These rules are about people who change the membership by which they manage, and about
// what belongs to themselves.
func TestRulesOfOneself(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.stage()
	member := func(name string) string { return "/v1/workspaces/{studio}/members/{" + name + "}" }
	// Nobody can issue a token for somebody who has left, so ron gets his before.
	x.do("PUT", member("ron"), `{"role":"editor"}`)
	x.token(everyScope + `,"user_id":"{ron}"`)
	x.token(everyScope + `,"user_id":"{ron}","workspace_id":"{studio}"`)
	x.do("DELETE", member("ron"), "")
	for _, c := range []struct {
		says, who, method, path, body, want string
	}{
		{"give what is on the own list", "bob", "PATCH", member("vic"), `{"permissions":["members.view"]}`, "yes"},
		{"give what is not, though the role has it", "bob", "PATCH", member("vic"), `{"permissions":["content.edit"]}`, "above"},
		{"widen the own list", "bob", "PATCH", member("bob"), `{"permissions":["members.view","members.manage","content.edit"]}`, "above"},
		{"take the own list away", "bob", "PATCH", member("bob"), `{"permissions":null}`, "above"},
		{"take a peer's list away", "bob", "PATCH", member("pia"), `{"permissions":null}`, "above"},
		{"give a role with more than the own list", "bob", "PATCH", member("vic"), `{"role":"editor"}`, "above"},
		{"take a role with more", "adam", "PATCH", member("adam"), `{"role":"biller"}`, "above"},
		{"take a role with more, by putting", "adam", "PUT", member("adam"), `{"role":"biller"}`, "above"},
		{"take a role with more, as an owner", "otto", "PATCH", member("otto"), `{"role":"biller"}`, "yes"},
		{"narrow the own list", "bob", "PATCH", member("bob"), `{"permissions":["members.view"]}`, "yes"},
		{"prolong the own time", "tim", "PATCH", member("tim"), `{"expires_at":"2999-01-01T00:00:00Z"}`, "no"},
		{"take the own end away", "tim", "PATCH", member("tim"), `{"expires_at":null}`, "no"},
		{"shorten the own time", "tim", "PATCH", member("tim"), `{"expires_at":"` + s.now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}`, "yes"},
		{"raise oneself", "adam", "PATCH", member("adam"), `{"role":"owner"}`, "above"},
		{"lower oneself", "adam", "PATCH", member("adam"), `{"role":"viewer"}`, "yes"},
		{"lower oneself, the last owner", "sol", "PATCH", "/v1/workspaces/{solo}/members/{sol}", `{"role":"viewer"}`, "last"},
		{"leave as the last owner", "sol", "POST", "/v1/workspaces/{solo}/members/{sol}/leave", "", "last"},
		{"leave, suspended", "sue", "POST", member("sue") + "/leave", "", "yes"},
		{"decline an invitation", "ivy", "POST", member("ivy") + "/leave", "", "yes"},
		{"leave again", "ron", "POST", member("ron") + "/leave", "", "yes"},
		{"accept the own invitation", "ivy", "POST", member("ivy") + "/accept", "", "yes"},
		{"manage, suspended", "oona", "PATCH", member("vic"), `{"role":"client"}`, "no"},
		{"reinstate oneself", "oona", "POST", member("oona") + "/reinstate", "", "no"},
		{"manage, only invited", "iris", "PATCH", member("vic"), `{"role":"client"}`, "no"},
		{"manage, removed", "ron", "PATCH", member("vic"), `{"role":"client"}`, "no"},
		{"revoke the own token", "vic", "DELETE", "/v1/organizations/{org}/tokens/{vics}", "", "yes"},
		{"rotate the own token", "vic", "POST", "/v1/organizations/{org}/tokens/{vics}/rotate", "", "yes"},
	} {
		for _, how := range []struct {
			who, token string
			headers    []string
		}{
			{"", x.token(everyScope + `,"user_id":"{` + c.who + `}"`), nil},
			{", bound to their workspace", x.token(everyScope + `,"user_id":"{` + c.who + `}","workspace_id":"{` + home(c.path) + `}"`), nil},
			{", by a program", x.of("program"), []string{"Muster-On-Behalf-Of", x.things[c.who]}},
		} {
			want := c.want
			if strings.Contains(how.who, "bound") && reachOf(t, c.method, c.path) == transport.ReachOrganization {
				want = "scope"
			}
			if got := x.as(how.token, c.method, x.fill(c.path)+"?validate_only=true", x.fill(c.body), how.headers...); !got.is(want) {
				t.Errorf("%s%s, %s: %d %s, want %s", c.who, how.who, c.says, got.status, got.body, want)
			}
		}
	}
	// A user who is suspended in the organization can do nothing there but leave.
	x.do("POST", "/v1/organizations/{org}/members/{adam}/suspend", "")
	adam := x.of("admin")
	if got := x.as(adam, "PATCH", x.fill(member("vic")), `{"role":"client"}`); !got.is("no") {
		t.Errorf("suspended in the organization: %d %s", got.status, got.body)
	}
	x.as(adam, "POST", x.fill(member("adam"))+"/leave", "").want(200)
	// A token cannot issue one with more scopes or with a later end.
	narrow := x.token(`"scopes":["tokens:all","access:read"]`)
	brief := x.token(everyScope + `,"expires_at":"` + s.now().Add(time.Hour).UTC().Format(time.RFC3339) + `"`)
	for body, want := range map[string]string{
		`{"name":"x","scopes":["access:read"]}`:        "yes",
		`{"name":"x","scopes":["tokens:all"]}`:         "yes",
		`{"name":"x","scopes":["access:all"]}`:         "more",
		`{"name":"x","scopes":["all:read"]}`:           "more",
		`{"name":"x","scopes":["all:all"]}`:            "more",
		`{"name":"x","scopes":["actors:impersonate"]}`: "more",
	} {
		if got := x.as(narrow, "POST", x.fill("/v1/organizations/{org}/tokens"), body); !got.is(want) {
			t.Errorf("%s: %d %s, want %s", body, got.status, got.body, want)
		}
		if got := x.as(brief, "POST", x.fill("/v1/organizations/{org}/tokens"), body); !got.is("more") {
			t.Errorf("%s without an end, by a token with one: %d %s", body, got.status, got.body)
		}
	}
	// A person cannot act on behalf of another person.
	if got := x.as(x.of("orgowner"), "PATCH", x.fill(member("vic")), `{"role":"client"}`, "Muster-On-Behalf-Of", x.things["olga"]); !got.is("no") {
		t.Errorf("a person for another: %d %s", got.status, got.body)
	}
}

// home returns the workspace of a path.
func home(path string) string {
	if strings.Contains(path, "{solo}") {
		return "solo"
	}
	return "studio"
}

// A membership ends at its exact time. After that, the user counts neither as a member
// nor as an owner.
func TestRulesAfterTheEnd(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.stage()
	members := x.fill("/v1/workspaces/{studio}/members/")
	id := x.do("PATCH", members+x.things["adam"], fmt.Sprintf(`{"expires_at":%q}`, s.now().Add(time.Hour).UTC().Format(time.RFC3339))).get("id")
	adam := x.of("admin")
	x.as(adam, "PATCH", members+x.things["vic"], `{"role":"client"}`).want(200)
	s.clock.Add(int64(2 * time.Hour))
	x.as(adam, "PATCH", members+x.things["vic"], `{"role":"viewer"}`).want(403, "not_allowed")
	x.root("PATCH", members+x.things["adam"], `{"role":"viewer"}`).want(404, "not_found")
	was := x.root("GET", "/v1/memberships/"+id, "").want(200)
	again := x.root("PUT", members+x.things["adam"], `{"role":"viewer"}`).want(201)
	if was.get("state") != "removed" || again.get("state") != "active" || again.get("id") != was.get("id") {
		t.Errorf("%s\n%s", was.body, again.body)
	}
	x.root("DELETE", members+x.things["ivy"], "").want(204) // invited for 7 days
	s.clock.Add(int64(8 * 24 * time.Hour))
	x.root("POST", members+x.things["iris"]+"/accept", "").want(409, "not_invited")
	x.root("POST", members+x.things["iris"]+"/resend", "").want(404, "not_found")
}
