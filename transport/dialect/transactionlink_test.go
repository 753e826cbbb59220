package dialect

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const (
	adminID  = "00000000-0000-8000-8000-000000000040"
	viewerID = "00000000-0000-8000-8000-000000000020"
)

// rows returns the rows of a list in their order. Each has the user, and the role's name
// and type.
func (a answer) rows() (all []string) {
	a.t.Helper()
	var list []struct {
		User string `json:"userId"`
		Role struct{ Name, Type string }
	}
	if err := json.Unmarshal(a.want(200).body, &list); err != nil {
		a.t.Fatal(err)
	}
	for _, row := range list {
		all = append(all, fmt.Sprint(row.User, " ", row.Role.Name, " ", row.Role.Type))
	}
	return all
}

// The lists show access. A user without access is in neither list. A user who has access
// twice is twice in the longer list. A user whose access is inherited is not in the
// shorter one.
func TestTransactionLinkLists(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	token := s.token(x.org, "workspace_members:read")
	direct := "/workspaces/" + x.ws + "/memberships"
	demand := func(path string, want ...string) {
		t.Helper()
		if got := s.as(token, "GET", path, "").rows(); !slices.Equal(got, want) {
			t.Errorf("%s is\n%q, want\n%q", path, got, want)
		}
	}
	members := "/v1/workspaces/" + x.ws + "/members"
	s.root("POST", members, `{"email":"invited@acme.example","role":"viewer"}`).want(201)
	admin, suspended := newText(), newText()
	s.root("PUT", "/v1/organizations/"+x.org+"/members/"+admin, `{"role":"admin"}`).want(201)
	s.root("POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, suspended)).want(201)
	s.root("POST", members+"/"+suspended+"/suspend", "").want(200)
	demand(direct, x.owner+" Owner WORKSPACE", x.member+" Editor WORKSPACE")
	demand("/organizations"+direct, x.owner+" Owner WORKSPACE", x.owner+" Owner ORGANIZATION", x.member+" Editor WORKSPACE", admin+" Admin ORGANIZATION")

	// Suspending a membership removes its own grant and no other.
	s.root("PUT", "/v1/organizations/"+x.org+"/members/"+x.member, `{"role":"admin"}`).want(201)
	s.root("POST", members+"/"+x.member+"/suspend", "").want(200)
	demand(direct, x.owner+" Owner WORKSPACE")
	demand("/organizations"+direct, x.owner+" Owner WORKSPACE", x.owner+" Owner ORGANIZATION", x.member+" Admin ORGANIZATION", admin+" Admin ORGANIZATION")

	// Lists have no pages, even if they are longer than a page of the read models.
	many := make([]string, 201)
	for i := range many {
		many[i] = fmt.Sprintf(`{"op":"add","user_id":%q,"role":"client"}`, newText())
	}
	s.root("POST", members+"/batch", `{"mode":"atomic","operations":[`+strings.Join(many, ",")+`]}`).want(200)
	if got := s.as(token, "GET", direct, "").rows(); len(got) != 202 {
		t.Errorf("%d rows, want 202", len(got))
	}
}

// This API only knows roles. A write does not change anything that the API cannot show.
func TestTransactionLinkKeeps(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	token := s.token(x.org, "workspace_members:update")
	native := "/v1/workspaces/" + x.ws + "/members/" + x.member
	s.root("PATCH", native, `{"permissions":["content.edit"],"expires_at":"2030-01-01T00:00:00Z"}`).want(200)
	put := func(user, role string, more ...string) answer {
		t.Helper()
		return s.as(token, "PUT", "/workspaces/"+x.ws+"/memberships/"+user, fmt.Sprintf(`{"userId":%q,"roleId":%q}`, user, role), more...)
	}
	changed := put(x.member, viewerID, "Muster-Reason", "Ticket 7").want(200)
	got := s.root("GET", native, "").want(200)
	if got.get("role", "key") != "viewer" || got.get("permissions") != "[content.edit]" || got.get("expires_at") != "2030-01-01T00:00:00.000Z" {
		t.Errorf("%s", got.body)
	}
	if changed.header.Get("Muster-Position") == "" || changed.header.Get("ETag") != `"`+got.get("version")+`"` {
		t.Errorf("%v", changed.header)
	}
	put(x.member, adminID, "If-Match", `"1"`).refused(face("transactionlink"), 412)
	put(newText(), viewerID, "If-Match", "*").refused(face("transactionlink"), 412)
	if tried := s.as(token, "PUT", "/workspaces/"+x.ws+"/memberships/"+x.member+"?validate_only=true", fmt.Sprintf(`{"userId":%q,"roleId":%q}`, x.member, adminID)).want(200); tried.get("role", "name") != "Admin" {
		t.Errorf("%s", tried.body)
	}
	if got := s.root("GET", native, "").get("role", "key"); got != "viewer" {
		t.Errorf("what was only tried has made a %s", got)
	}

	// A suspended member gets the role and stays suspended.
	s.root("POST", native+"/suspend", "").want(200)
	if row := put(x.member, adminID).want(200); row.get("role", "name") != "Admin" || row.get("role", "type") != "WORKSPACE" {
		t.Errorf("%s", row.body)
	}
	if got := s.root("GET", native, ""); got.get("state") != "suspended" || got.get("role", "key") != "admin" {
		t.Errorf("%s", got.body)
	}

	// An archived role cannot be given to anyone, and members who have it keep it.
	role := s.root("POST", "/v1/organizations/"+x.org+"/roles", `{"key":"lead","name":"Lead","level":39,"permissions":[]}`).want(201)
	created := put(newText(), role.get("id")).want(200).get("role", "createdDateTime")
	if want := s.root("GET", "/v1/organizations/"+x.org+"/events?type=muster.role.created", "").get("items", 0, "time"); created != want {
		t.Errorf("the role was created at %s, want %s", created, want)
	}
	s.root("DELETE", "/v1/organizations/"+x.org+"/roles/"+role.get("id"), "").want(204)
	if refused := put(newText(), role.get("id")).refused(face("transactionlink"), 400); refused.get("errors", 0, "code") != "unknown_role" || !strings.HasPrefix(refused.get("errors", 0, "message"), "/roleId: ") {
		t.Errorf("%s", refused.body)
	}
	if rows := s.as(s.token(x.org, "all:read"), "GET", "/workspaces/"+x.ws+"/memberships", "").rows(); len(rows) != 2 {
		t.Errorf("%q", rows)
	}
}

// If a token is bound to a user, the user's own role limits it as well.
func TestTransactionLinkUsers(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	f := face("transactionlink")
	as := func(user string) string { return s.token(x.org, "all:all", fmt.Sprintf(`"user_id":%q`, user)) }
	direct := "/workspaces/" + x.ws + "/memberships"
	may := func(user string, read, write int) {
		t.Helper()
		token, newcomer := as(user), newText()
		body := fmt.Sprintf(`{"userId":%q,"roleId":%q}`, newcomer, viewerID)
		for _, a := range []struct {
			got  answer
			want int
		}{
			{s.as(token, "GET", direct, ""), read},
			{s.as(token, "GET", "/organizations"+direct, ""), read},
			{s.as(token, "PUT", direct+"/"+newcomer, body), write},
		} {
			if a.want == http.StatusForbidden {
				a.got.refused(f, 403)
			}
			a.got.want(a.want)
		}
	}
	may(x.owner, 200, 200)
	may(x.member, 200, 403) // an editor can read, but not write
	admin, stranger, blind := newText(), newText(), newText()
	may(stranger, 403, 403)
	s.root("PUT", "/v1/organizations/"+x.org+"/members/"+admin, `{"role":"admin"}`).want(201)
	may(admin, 200, 200)
	s.root("PUT", "/v1/organizations/"+x.org+"/members/"+stranger, `{"role":"member"}`).want(201)
	may(stranger, 403, 403)
	members := "/v1/workspaces/" + x.ws + "/members/"
	s.root("PUT", members+blind, `{"role":"editor","permissions":["content.edit"]}`).want(201)
	may(blind, 403, 403) // their own permissions lack workspace.view
	s.root("PUT", "/v1/organizations/"+x.org+"/members/"+blind, `{"role":"admin"}`).want(201)
	may(blind, 200, 200) // what they inherit has it
	s.root("PUT", "/v1/organizations/"+x.org+"/members/"+blind, `{"role":"member"}`).want(200)
	may(blind, 403, 403)
	s.root("POST", members+x.member+"/suspend", "").want(200)
	may(x.member, 403, 403)
	// An admin cannot give a role above admin.
	s.root("PUT", members+blind, `{"role":"admin"}`).want(200)
	s.as(as(blind), "PUT", direct+"/"+x.member, fmt.Sprintf(`{"userId":%q,"roleId":"00000000-0000-8000-8000-000000000050"}`, x.member)).refused(f, 403)
	// The root token reaches every workspace in this dialect, too.
	if rows := s.root("GET", direct, "").rows(); len(rows) != 5 {
		t.Errorf("%q", rows)
	}
	s.root("PUT", direct+"/"+x.member, fmt.Sprintf(`{"userId":%q,"roleId":%q}`, x.member, viewerID)).want(200)
}
