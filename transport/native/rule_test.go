package native

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

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
	"notnext":   "not_next",
	"final":     "not_reversible",
	"person":    "reviewer_needed",
	"dead":      "invalid_token",
	"nobody":    "missing_token",
}

// rules are the rules in the API's documentation. Every cell that says yes is tried with
// validate_only. One such cell of each row is also carried out.
var rules = slices.Concat(managing, levels, permissions, lastOwners, adding, archivedWorkspace, transitions, ownRoles, organizations, tokens, subscribing, reverting, reviewing, reading)

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
