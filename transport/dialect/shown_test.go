package dialect

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What was just made can be changed, although the read models must be asked for it and do
// not show it yet.
func TestMadeAMomentAgo(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	token, own := s.token(x.org, "all:all"), s.token(x.org, "all:all", bound(x.ws))
	for _, c := range []struct {
		name, token        string
		method, path, body string // ID stands for the id of what was made
		make               func() answer
	}{
		{"teamwork", token, "PUT", "/api/v1/Workspaces/members/ID/access", `{"role":1}`, func() answer {
			return s.as(token, "POST", "/api/v1/Workspaces/"+x.ws+"/members", fmt.Sprintf(`{"userId":%q,"accessLevel":2}`, newText()))
		}},
		{"instantly", own, "PATCH", "/api/v2/workspace-members/ID", `{"role":"editor"}`, func() answer {
			return s.as(own, "POST", "/api/v2/workspace-members", `{"email":"ivy@acme.example","role":"view"}`)
		}},
		{"transactionlink", token, "PUT", "/workspaces/" + x.ws + "/memberships/" + x.member, `{"userId":"` + x.member + `","roleId":"ID"}`, func() answer {
			return s.as(token, "POST", "/v1/organizations/"+x.org+"/roles", `{"key":"lead","name":"Lead","level":39,"permissions":[]}`)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.as(c.token, "GET", "/v1/workspaces/"+x.ws+"/members", "").want(200) // so that all is shown
			resume := s.Pause(t)
			id := c.make().get("id")
			made := strings.NewReplacer("ID", id)
			answered := make(chan answer, 1)
			go func() { answered <- s.as(c.token, c.method, made.Replace(c.path), made.Replace(c.body)) }()
			select {
			case got := <-answered:
				t.Errorf("%s was answered without the read models: %d %s", got.asked, got.status, got.body)
			case <-time.After(100 * time.Millisecond):
				resume()
				if got := <-answered; got.status != 200 {
					t.Errorf("%s: %d %s", got.asked, got.status, got.body)
				}
			}
		})
	}
}
