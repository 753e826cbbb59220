package native

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"
)

// then is what some reads responded at a moment.
type then struct {
	position, time string
	bodies         map[string]string // by the request
}

// reads are requests that together show everything of an organization.
func reads(x tenant, people []string) []string {
	list := []string{
		"GET /v1/organizations", "GET /v1/organizations/" + x.org,
		"GET /v1/organizations/" + x.org + "/members?order_by=-email", "GET /v1/organizations/" + x.org + "/users?order_by=name",
		"GET /v1/organizations/" + x.org + "/users?q=a", "GET /v1/organizations/" + x.org + "/roles", "GET /v1/organizations/" + x.org + "/permissions",
		"GET /v1/organizations/" + x.org + "/workspaces", "GET /v1/workspaces/" + x.ws,
		"GET /v1/workspaces/" + x.ws + "/members?count=true", "GET /v1/workspaces/" + x.ws + "/members?state=removed", "GET /v1/workspaces/" + x.ws + "/members?state=suspended&order_by=role",
		"GET /v1/workspaces/" + x.ws + "/access?count=true", "GET /v1/workspaces/" + x.ws + "/access?permission=content.edit", "GET /v1/workspaces/" + x.ws + "/access?include=reasons",
	}
	checks := ""
	for _, user := range people {
		list = append(list, "GET /v1/organizations/"+x.org+"/members/"+user, "GET /v1/organizations/"+x.org+"/users/"+user,
			"GET /v1/workspaces/"+x.ws+"/members/"+user, "GET /v1/workspaces/"+x.ws+"/access/"+user, "GET /v1/organizations/"+x.org+"/users/"+user+"/workspaces?include=reasons",
			"GET /v1/workspaces/"+x.ws+"/members/"+user+"/history")
		checks += fmt.Sprintf(`,{"user_id":%q,"workspace_id":%q,"permission":"content.edit"},{"user_id":%q,"workspace_id":%q,"role":"special"}`, user, x.ws, user, x.ws)
	}
	return append(list, `POST /v1/access/batch-check {"checks":[`+checks[1:]+`]}`, `POST /v1/access/batch-check?explain=true {"checks":[`+checks[1:]+`]}`,
		fmt.Sprintf(`POST /v1/access/check {"user_id":%q,"workspace_id":%q,"role":"viewer"}`, people[0], x.ws))
}

// read sends a request of [reads], as of the moment if there is one.
func (s *service) read(token, request, moment string) answer {
	s.t.Helper()
	method, rest, _ := strings.Cut(request, " ")
	path, body, _ := strings.Cut(rest, " ")
	if moment != "" {
		if strings.Contains(path, "?") {
			path += "&as_of=" + moment
		} else {
			path += "?as_of=" + moment
		}
	}
	return s.as(token, method, path, body)
}

// impersonalBody returns the body. Problems lack what differs between two requests.
func impersonalBody(t *testing.T, a answer) string {
	if a.status < 400 {
		return string(a.body)
	}
	return fmt.Sprint(a.status, impersonal(t, a))
}

// Whatever is done: a read as of a moment responds what the same read responded then, by the
// position of the moment and by its time, with the roles and names of then, and also if
// something has ended by the clock.
func TestAsOfIsWhatWasThen(t *testing.T) {
	s := start(t, t.TempDir())
	s.clock.Store(int64(-24 * time.Hour))
	x := s.tenant("Acme")
	people := []string{x.owner, x.member, newText(), newText(), newText()}
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // not negative
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
	special := s.root("POST", "/v1/organizations/"+x.org+"/roles", `{"key":"special","name":"Special","level":25,"permissions":["content.edit"]}`).want(201).get("id")

	requests := reads(x, people)
	var history []then
	last := ""
	note := func(position string) {
		moment := then{position, url.QueryEscape(s.now().UTC().Format("2006-01-02T15:04:05.000Z")), make(map[string]string)}
		for _, r := range requests {
			moment.bodies[r] = impersonalBody(t, s.read(x.token, r, ""))
		}
		history = append(history, moment)
	}
	org, ws := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws
	role := func() string { return []string{"owner", "admin", "editor", "viewer", "special"}[random.IntN(5)] }
	for range 40 {
		s.clock.Add(int64(time.Duration(1+random.IntN(100)) * time.Second))
		user := people[random.IntN(len(people))]
		soon := s.now().Add(30 * time.Second).UTC().Format(time.RFC3339)
		member := ws + "/members/" + user
		var got answer
		switch random.IntN(17) {
		case 0, 1:
			got = s.root("PUT", member, fmt.Sprintf(`{"role":%q}`, role()))
		case 2:
			got = s.root("PUT", member, fmt.Sprintf(`{"role":"viewer","expires_at":%q}`, soon))
		case 3:
			got = s.root("PUT", member, `{"role":"editor","permissions":["content.view"]}`)
		case 4:
			got = s.root("DELETE", member, "")
		case 5:
			got = s.root("POST", member+"/suspend", "", "Muster-Reason", "Leave")
		case 6:
			got = s.root("POST", member+"/reinstate", "")
		case 7:
			got = s.root("POST", ws+"/members", fmt.Sprintf(`{"email":"i%d@acme.example","role":"viewer"}`, random.IntN(3)))
		case 8:
			got = s.root("PUT", org+"/members/"+user, fmt.Sprintf(`{"role":%q}`, []string{"owner", "admin", "member"}[random.IntN(3)]))
		case 9:
			got = s.root("DELETE", org+"/members/"+user, "")
		case 10:
			got = s.root("POST", org+"/members/"+user+"/suspend?force=true", "")
		case 11:
			got = s.root("POST", org+"/members/"+user+"/reinstate", "")
		case 12:
			got = s.root("PUT", org+"/users/"+user, fmt.Sprintf(`{"email":"%s@acme.example","name":{"first":%q}}`, user, []string{"Ada", "Bob", "Alan"}[random.IntN(3)]))
		case 13:
			got = s.root("PATCH", org+"/roles/"+special, fmt.Sprintf(`{"level":%d,"permissions":["content.%s"]}`, 20+random.IntN(20), []string{"edit", "view"}[random.IntN(2)]))
		case 14:
			got = s.root("PATCH", ws, fmt.Sprintf(`{"name":"Name %d"}`, random.IntN(9)))
		case 15:
			got = s.root("POST", ws+"/"+[]string{"archive", "restore"}[random.IntN(2)], "")
		case 16:
			got = s.root("POST", org+"/workspaces", fmt.Sprintf(`{"name":"Another","owner_user_id":%q}`, user))
		}
		if got.status < 300 {
			position := got.header.Get("Muster-Position")
			if position == last { // nothing was written, and something may have ended by the clock since
				note("")
			} else {
				note(position)
			}
			last = position
		}
		if random.IntN(4) == 0 && got.status < 300 { // something may end meanwhile
			s.clock.Add(int64(time.Minute))
			note("")
		}
	}
	s.clock.Add(int64(time.Hour))
	for _, moment := range history {
		for _, r := range requests {
			for _, at := range []string{moment.position, moment.time} {
				if at == "" {
					continue
				}
				got := s.read(x.token, r, at)
				if body := impersonalBody(t, got); body != moment.bodies[r] {
					t.Fatalf("%s as of %s (%s)\nwas %s\nis  %s", r, at, moment.position, moment.bodies[r], body)
				}
			}
		}
	}
}
