package native

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

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
	for _, name := range []string{"hook", "paused", "waiting"} {
		more := `"types":["muster.user.profile_set"]`
		if name == "waiting" {
			more = `"from":"earliest"`
		}
		made := x.do("POST", org+"subscriptions", `{"name":"`+name+`","kind":"webhook","url":"http://127.0.0.1:9/",`+more+`}`)
		x.things[name] = made.get("id")
		if name != "hook" {
			x.things["position"] = x.do("POST", org+"subscriptions/"+made.get("id")+"/pause", "").header.Get("Muster-Position")
		}
	}
	x.things["review"] = x.do("POST", org+"reviews", `{"name":"Spring"}`).get("id")
	x.things["audit"] = x.do("POST", org+"reviews", `{"name":"Studio","workspace_id":"{studio}"}`).get("id")
	for name, of := range map[string]string{"viced": "muster.member.added&user_id={vic}", "founded": "muster.organization.created", "ranked": "muster.organization.member_added&user_id={max}"} {
		x.things[name] = x.do("GET", org+"events?type="+of, "").get("items", 0, "id")
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
