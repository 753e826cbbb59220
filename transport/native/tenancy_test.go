package native

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// tenancy has a row for every operation that takes a token: the status of its answer when
// a token that may do everything in its organization asks for its own things. Everything
// else that the tests below demand follows from the operation's declaration.
var tenancy = map[string]struct {
	body  string // with names of path parameters and of other things in braces
	query string // without which the operation has nothing to do
	own   int
	// free names the parameter that may be any id: a user who Muster does not know yet,
	// or a thing that is the same for every organization.
	free string
}{
	"create-organization": {body: `{"name":"New","owner":{"email":"new@new.example"}}`, own: 403}, // only the root token may
	"list-organizations":  {own: 200},
	"get-organization":    {own: 200},
	"update-organization": {body: `{"name":"Renamed"}`, own: 200},

	"list-organization-members":  {own: 200},
	"get-organization-member":    {own: 200},
	"put-organization-member":    {body: `{"role":"member"}`, own: 409, free: "user"}, // the last owner
	"remove-organization-member": {own: 409},

	"suspend-organization-member":   {own: 409},
	"reinstate-organization-member": {own: 200},

	"list-users": {own: 200},
	"get-user":   {own: 200},
	"put-user":   {body: `{"email":"other@other.example"}`, own: 200, free: "user"},
	"erase-user": {own: 409}, // still belongs to the organization

	"list-roles": {own: 200},
	"get-role":   {own: 200, free: "role"},

	"create-role":      {body: `{"key":"reviewer","name":"Reviewer","level":25,"permissions":["reports.view"]}`, own: 201},
	"update-role":      {body: `{"name":"Renamed"}`, own: 409, free: "role"}, // built in
	"archive-role":     {own: 409, free: "role"},
	"list-permissions": {own: 200},

	"list-workspaces":   {own: 200},
	"create-workspace":  {body: `{"name":"Second","owner_user_id":"{user}"}`, own: 201},
	"get-workspace":     {own: 200},
	"update-workspace":  {body: `{"name":"Renamed"}`, own: 200},
	"archive-workspace": {own: 200},
	"restore-workspace": {own: 200},

	"list-members":   {own: 200},
	"add-member":     {body: `{"user_id":"{nobody}","role":"viewer"}`, own: 201},
	"get-member":     {own: 200},
	"put-member":     {body: `{"role":"owner"}`, own: 200, free: "user"},
	"update-member":  {body: `{"role":"owner"}`, own: 200},
	"remove-member":  {own: 409}, // the last owner
	"get-membership": {own: 200},

	"get-member-history": {own: 200},

	"suspend-member":           {own: 409}, // the last owner
	"reinstate-member":         {own: 200},
	"accept-member-invitation": {own: 200, free: "user"},
	"leave-workspace":          {own: 403, free: "user"}, // only the user may
	"resend-invitation":        {own: 409},               // there is no invitation
	"batch-members":            {body: `{"mode":"atomic","operations":[{"op":"update","user_id":"{user}"}]}`, own: 200},
	"transfer-ownership":       {body: `{"from_user_id":"{user}","to_user_id":"{user}"}`, own: 200},

	"list-access":          {own: 200},
	"get-access":           {own: 200},
	"check-access":         {body: `{"user_id":"{user}","workspace_id":"{workspace}","permission":"content.edit"}`, own: 200},
	"list-user-workspaces": {own: 200, free: "user"},
	"batch-check-access":   {body: `{"checks":[{"user_id":"{user}","workspace_id":"{nobody}","role":"client"}]}`, own: 200}, // each check has its own answer

	"list-subscriptions":         {own: 200},
	"create-subscription":        {body: `{"name":"Pull","kind":"nats"}`, own: 201},
	"get-subscription":           {own: 200},
	"update-subscription":        {body: `{"name":"Renamed"}`, own: 200},
	"pause-subscription":         {own: 200},
	"resume-subscription":        {own: 200},
	"rewind-subscription":        {body: `{"from":"latest"}`, own: 200},
	"skip-event":                 {body: `{"position":"0-999999","reason":"x"}`, own: 422}, // no such position
	"rotate-subscription-secret": {own: 200},
	"ping-subscription":          {own: 200},
	"list-deliveries":            {own: 200},
	"delete-subscription":        {own: 204},

	"list-reviews":     {own: 200},
	"open-review":      {body: `{"name":"Spring"}`, own: 201},
	"get-review":       {own: 200},
	"list-review-rows": {own: 200},
	"decide-review":    {body: `{"decisions":[{"workspace_id":"{workspace}","user_id":"{user}","decision":"kept"}]}`, own: 403}, // only a person may
	"close-review":     {body: `{"leave_undecided":true,"reason":"late"}`, own: 200},

	"get-report":          {own: 200, free: "kind"},
	"get-report-manifest": {own: 200, free: "kind"},

	"report-revocations":          {body: `{"leavers":"user_id,left_at\n{user},2026-03-05\n"}`, own: 200},
	"report-revocations-manifest": {body: `{"leavers":"user_id,left_at\n{user},2026-03-05\n"}`, own: 200},

	"list-tokens":  {own: 200},
	"issue-token":  {body: `{"name":"second","scopes":["access:read"]}`, own: 201},
	"rotate-token": {own: 200},
	"get-token":    {own: 200},
	"revoke-token": {own: 204},
	"get-self":     {own: 200},

	"list-events": {own: 200},

	"issue-event-ticket": {own: 201},

	"get-event":       {own: 200},
	"get-event-proof": {own: 200},

	"diff-workspace":    {query: "?from=2001-01-01", own: 200},
	"diff-organization": {query: "?from=2001-01-01", own: 200},

	"revert-event": {own: 409}, // the creation of the organization has no opposite
}

// things maps the names of path parameters to ids.
type things map[string]string

func (s *service) things(x tenant) things {
	found := things{
		"organization": x.org, "workspace": x.ws, "user": x.owner, "nobody": newText(),
		"role": domain.BuiltInRoles()[0].ID.String(), "kind": "who-had-access",
	}
	found["membership"] = s.root("GET", "/v1/workspaces/"+x.ws+"/members/"+x.owner, "").want(200).get("id")
	found["token"] = s.root("POST", "/v1/organizations/"+x.org+"/tokens", `{"name":"other","scopes":["access:read"]}`).want(201).get("id")
	// Nothing of what the tests do is of this type, so nothing is sent.
	found["subscription"] = s.root("POST", "/v1/organizations/"+x.org+"/subscriptions",
		`{"name":"hook","kind":"webhook","url":"http://127.0.0.1:9/","types":["muster.user.profile_set"]}`).want(201).get("id")
	found["review"] = s.root("POST", "/v1/organizations/"+x.org+"/reviews", `{"name":"autumn"}`).want(201).get("id")
	found["event"] = s.root("GET", "/v1/organizations/"+x.org+"/events", "").want(200).get("items", 0, "id")
	return found
}

func absent() things {
	return things{
		"organization": newText(), "workspace": newText(), "user": newText(), "nobody": newText(), "role": newText(),
		"membership": newText(), "token": newText(), "event": "01KHQ3M6Z8V2N4T7X9B1C3D5F7",
		"subscription": newText(), "review": newText(), "kind": "who-had-access",
	}
}

func (x things) fill(text string) string {
	for name, id := range x {
		text = strings.ReplaceAll(text, "{"+name+"}", id)
	}
	return text
}

func (s *service) ask(token string, op *huma.Operation, x things) answer {
	s.t.Helper()
	row := tenancy[op.OperationID]
	return s.as(token, op.Method, x.fill(op.Path)+row.query, x.fill(row.body))
}

// tenantOperations returns the operations that take a token.
func tenantOperations(t *testing.T, s *service) []*huma.Operation {
	var all []*huma.Operation
	for _, op := range s.api.OpenAPI("").Operations() {
		if len(op.Security) == 0 {
			continue
		}
		if _, ok := tenancy[op.OperationID]; !ok {
			t.Errorf("%s has no row in the table of tenancy", op.OperationID)
			continue
		}
		all = append(all, op)
	}
	if len(all) != len(tenancy) {
		t.Errorf("%d operations, %d rows", len(all), len(tenancy))
	}
	return all
}

// reachOf returns the reach that the operation with that path declares.
func reachOf(t *testing.T, method, path string) transport.Reach {
	t.Helper()
	face, err := Face(Options{Ready: func(context.Context) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	mux, reaches := http.NewServeMux(), make(map[string]transport.Reach)
	for _, op := range face.Operations {
		pattern := cmp.Or(op.Method, http.MethodGet) + " " + op.Path
		mux.Handle(pattern, http.NotFoundHandler())
		reaches[pattern] = op.Reach
	}
	_, pattern := mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}})
	reach, ok := reaches[pattern]
	if !ok {
		t.Fatalf("there is no operation %s %s", method, path)
	}
	return reach
}

// names reports whether the operation names something of an organization, in its path or
// its body.
func names(op *huma.Operation) bool {
	return strings.Contains(op.Path, "{") || strings.Contains(tenancy[op.OperationID].body, "{workspace}")
}

func TestTenancy(t *testing.T) {
	s := start(t, t.TempDir())
	other := s.tenant("Other")
	foreign := s.things(other)
	for _, op := range tenantOperations(t, s) {
		row := tenancy[op.OperationID]
		x := s.tenant("Own")
		own := s.things(x)
		if !names(op) {
			s.ask(x.token, op, own).want(row.own)
			continue
		}
		// Things of another organization are not found, with the same problem as things
		// that do not exist.
		theirs, none := s.ask(x.token, op, foreign), s.ask(x.token, op, absent())
		theirs.want(404, "not_found")
		none.want(404, "not_found")
		if !reflect.DeepEqual(impersonal(t, theirs), impersonal(t, none)) {
			t.Errorf("%s: foreign %s, absent %s", op.OperationID, theirs.body, none.body)
		}
		// They are not found below the token's own organization or workspace, either.
		for i, parameter := range pathParameters(op.Path) {
			if i == 0 || parameter == row.free {
				continue
			}
			mixed := maps.Clone(own)
			mixed[parameter] = foreign[parameter]
			if got := s.ask(x.token, op, mixed); got.status != http.StatusNotFound {
				t.Errorf("%s with the %s of another organization: %d %s", op.OperationID, parameter, got.status, got.body)
			}
		}
		s.ask(x.token, op, own).want(row.own)
	}
	// The other organization is unchanged.
	if got := s.root("GET", "/v1/organizations/"+other.org, "").get("name"); got != "Other" {
		t.Errorf("the other organization is called %s", got)
	}
	if got := s.root("GET", "/v1/workspaces/"+other.ws+"/members", "").count(); got != 2 {
		t.Errorf("the other workspace has %d members", got)
	}
}

// impersonal returns a problem without the fields that differ between two requests.
func impersonal(t *testing.T, a answer) map[string]any {
	var problem map[string]any
	if err := json.Unmarshal(a.body, &problem); err != nil {
		t.Fatal(err)
	}
	delete(problem, "instance")
	delete(problem, "request_id")
	return problem
}

func TestWorkspaceBoundTokens(t *testing.T) {
	s := start(t, t.TempDir())
	for _, op := range tenantOperations(t, s) {
		x := s.tenant("Acme")
		second := s.root("POST", "/v1/organizations/"+x.org+"/workspaces", fmt.Sprintf(`{"name":"Second","owner_user_id":%q}`, x.owner)).want(201).get("id")
		token, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"workspace_id":%q`, x.ws))
		own := s.things(x)
		beside := maps.Clone(own)
		beside["workspace"] = second
		beside["membership"] = s.root("GET", "/v1/workspaces/"+second+"/members/"+x.owner, "").want(200).get("id")
		switch {
		case reachOf(t, op.Method, op.Path) == transport.ReachOrganization:
			s.ask(token, op, own).want(403, "insufficient_scope")
			s.ask(token, op, absent()).want(403, "insufficient_scope")
			continue
		case names(op):
			s.ask(token, op, beside).want(404, "not_found")
		}
		s.ask(token, op, own).want(tenancy[op.OperationID].own)
	}
}

// An operation refuses a token without its scope, and a request without a token.
func TestScopes(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	own := s.things(x)
	unrelated, _ := s.issue(x.org, `"scopes":["actors:impersonate"]`)
	for _, op := range tenantOperations(t, s) {
		s.ask("", op, own).want(401, "missing_token")
		declared := domain.Scope(op.Security[0][openapi.TokenScheme][0])
		if declared == transport.AnyScope && op.OperationID != "revert-event" { // the event decides on the scope
			s.ask(unrelated, op, own).want(200)
			continue
		}
		s.ask(unrelated, op, own).want(403, "insufficient_scope")
		if declared == transport.RootScope || declared == transport.AnyScope {
			continue
		}
		exact, _ := s.issue(x.org, fmt.Sprintf(`"scopes":[%q]`, declared))
		if got := s.ask(exact, op, s.things(s.tenant("Other"))); names(op) && got.status != 404 {
			t.Errorf("%s with the scope that it declares: %d %s", op.OperationID, got.status, got.body)
		}
	}
}

// pathParameters returns the names of a path's parameters, in order.
func pathParameters(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, strings.Trim(segment, "{}"))
		}
	}
	return names
}
