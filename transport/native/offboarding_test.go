package native

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/muster-dev/muster/domain"
)

// A user with more memberships than one commit ends loses all of them at once. No worker
// records the remaining ends here, so the test sees what holds in between.
func TestOffboardingWithManyMemberships(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	workspaces := make([]string, domain.MaxEnds+5)
	var clients sync.WaitGroup
	for client := range 8 {
		clients.Go(func() {
			for i := client; i < len(workspaces); i += 8 {
				made := s.as(x.token, "POST", "/v1/organizations/"+x.org+"/workspaces", fmt.Sprintf(`{"name":"Mill %d","owner_user_id":%q}`, i, x.owner))
				if made.status != http.StatusCreated {
					t.Errorf("%d %s", made.status, made.body)
					return
				}
				workspaces[i] = made.get("id")
				if added := s.as(x.token, "POST", "/v1/workspaces/"+workspaces[i]+"/members", fmt.Sprintf(`{"user_id":%q,"role":"admin"}`, x.member)); added.status != http.StatusCreated {
					t.Errorf("%d %s", added.status, added.body)
				}
			}
		})
	}
	if clients.Wait(); t.Failed() {
		t.FailNow()
	}
	own, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.member))
	remove, reached := "/v1/organizations/"+x.org+"/members/"+x.member, "/v1/organizations/"+x.org+"/users/"+x.member+"/workspaces"

	s.as(x.token, "DELETE", remove+"?validate_only=true", "").want(204)
	s.as(x.token, "DELETE", remove, "", "If-Match", `"1"`).want(412, "precondition_failed")
	s.as(own, "GET", "/v1/workspaces/"+workspaces[7]+"/members", "").want(200)
	if events := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?page_size=1&type=muster.organization.member_removed", "").want(200); events.count() != 0 {
		t.Errorf("%s", events.body)
	}
	gone := s.as(x.token, "DELETE", remove, "", "Idempotency-Key", "once").want(204)

	if items := s.as(x.token, "GET", reached, "").want(200).count(); items != 0 {
		t.Errorf("the user reaches %d workspaces", items)
	}
	s.as(own, "GET", "/v1/workspaces/"+workspaces[7]+"/members", "").want(403, "not_allowed")
	s.as(own, "PATCH", "/v1/workspaces/"+workspaces[7], `{"name":"Mine"}`).want(403, "not_allowed")
	again, ending := 0, 0
	for _, ws := range workspaces {
		members := "/v1/workspaces/" + ws + "/members"
		s.as(x.token, "GET", members+"/"+x.member, "").want(404)
		s.as(x.token, "GET", "/v1/workspaces/"+ws+"/access/"+x.member, "").want(404)
		switch added := s.as(x.token, "PUT", members+"/"+x.member+"?validate_only=true", `{"role":"viewer"}`); added.status {
		case http.StatusCreated:
			again++
		case http.StatusConflict:
			ending++
			added.want(409, "member_ending")
			if after := added.header.Get("Retry-After"); after != "1" {
				t.Errorf("Retry-After is %q", after)
			}
		default:
			t.Errorf("%d %s", added.status, added.body)
		}
	}
	// The first workspace, in which the user was an editor, is not among these.
	if again+ending != len(workspaces) || ending < 5 || ending > 6 {
		t.Errorf("%d ends are recorded and %d are not", again, ending)
	}
	replay := s.as(x.token, "DELETE", remove, "", "Idempotency-Key", "once").want(204)
	if replay.header.Get("Muster-Position") != gone.header.Get("Muster-Position") || replay.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%v, and again %v", gone.header, replay.header)
	}
	s.as(x.token, "DELETE", remove, "").want(204) // changes nothing
}

// A removal that would leave workspaces without an owner names them.
func TestOffboardingNamesWorkspaces(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	for i := range 12 {
		s.as(x.token, "POST", "/v1/organizations/"+x.org+"/workspaces", fmt.Sprintf(`{"name":"Mill %d","owner_user_id":%q}`, i, x.member)).want(201)
	}
	refused := s.as(x.token, "DELETE", "/v1/organizations/"+x.org+"/members/"+x.member, "").want(409, "last_owner")
	detail, first := refused.get("detail"), refused.get("workspace_ids", 0)
	if !strings.HasPrefix(detail, "12 workspaces, such as "+first) || refused.get("workspace_ids", 11) == "" {
		t.Errorf("%s", refused.body)
	}
}
