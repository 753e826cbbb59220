package native

import (
	"fmt"
	"testing"
)

func TestWorkspaces(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	workspaces := "/v1/organizations/" + x.org + "/workspaces"
	made := s.as(x.token, "POST", workspaces, fmt.Sprintf(`{"name":"Product","owner_user_id":%q}`, x.member)).want(201)
	ws := "/v1/workspaces/" + made.get("id")
	if got := s.as(x.token, "GET", ws, "").want(200); string(got.body) != string(made.body) || got.header.Get("ETag") != made.header.Get("ETag") {
		t.Errorf("made %s\nread %s", made.body, got.body)
	}
	if got := s.as(x.token, "GET", ws+"/members/"+x.member, "").want(200).get("role", "key"); got != "owner" {
		t.Errorf("the owner is %s", got)
	}
	if got := s.as(x.token, "GET", workspaces, "").want(200).count(); got != 2 {
		t.Errorf("there are %d workspaces", got)
	}
	if got := s.as(x.token, "PATCH", ws, `{"name":"Products"}`).want(200).get("name"); got != "Products" {
		t.Errorf("the name is %s", got)
	}

	archived := s.as(x.token, "POST", ws+"/archive", "").want(200)
	if archived.get("archived_at") == "<nil>" {
		t.Errorf("%s", archived.body)
	}
	s.as(x.token, "POST", ws+"/archive", "{}").want(200)
	s.as(x.token, "PATCH", ws, `{"name":"Other"}`).want(409, "workspace_archived")
	s.as(x.token, "PUT", ws+"/members/"+newText(), `{"role":"viewer"}`).want(409, "workspace_archived")
	s.as(x.token, "GET", ws+"/members", "").want(200)
	if got := s.as(x.token, "POST", ws+"/restore", "").want(200).get("archived_at"); got != "<nil>" {
		t.Errorf("archived at %s", got)
	}
	s.as(x.token, "PUT", ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
}
