package bench

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/domain"
)

// The names of the floors, by which other lines refer to them.
const (
	floorFlush = "flush one file"
	floorGet   = "empty HTTP GET"
	floorPost  = "empty HTTP POST"
)

// line is one thing to measure.
type line struct {
	what    string
	callers int
	floor   string // the line that this one is compared with, empty for none
	writes  bool   // each call is a command
	caller  caller
}

// isFloor reports whether other lines are compared with this one.
func (l line) isFloor() bool { return l.floor == "" }

// caller makes one caller of a line. It calls do again and again, and close at the end.
type caller func() (do func() error, close func() error, err error)

// lines returns the lines that contain the text, and the floors.
func (b *bench) lines(dir string) []line {
	nothing := func(method string) func(*rand.Rand) request {
		return func(*rand.Rand) request {
			r := request{method: method, path: "/floor", token: root}
			if method == http.MethodPost {
				r.body = checkBody(domain.UserID{}, "019cc043-af91-783e-9927-3daab1cd9277")
			}
			return r
		}
	}
	all := []line{
		{floorFlush, 1, "", false, flusher(dir)},
		{floorGet, 64, "", false, b.requests(nothing(http.MethodGet))},
		{floorPost, 64, "", false, b.requests(nothing(http.MethodPost))},
	}
	w := b.world
	for _, callers := range []int{1, 64, 256} {
		all = append(all, line{"add member", callers, floorFlush, true, b.requests(w.add)})
	}
	all = append(all, line{"add member, one organization", 64, floorFlush, true, b.requests(w.addToOne)})
	for _, callers := range []int{1, 64} {
		all = append(all,
			line{"check, member", callers, floorPost, false, b.requests(w.checkMember)},
			line{"check, inherited", callers, floorPost, false, b.requests(w.checkInherited)},
			line{"check, denied", callers, floorPost, false, b.requests(w.checkDenied)},
			line{"list 100 members", callers, floorGet, false, b.requests(w.list)},
			line{"workspaces of a user", callers, floorGet, false, b.requests(w.workspacesOf)},
		)
	}
	var chosen []line
	for _, l := range all {
		if l.isFloor() || strings.Contains(l.what, b.only) {
			chosen = append(chosen, l)
		}
	}
	return chosen
}

// add adds somebody new to a random workspace.
func (w *world) add(r *rand.Rand) request {
	_, id, org := w.random(r)
	return addition(id, org)
}

// addToOne adds somebody new to a random workspace of the first organization.
func (w *world) addToOne(r *rand.Rand) request {
	i := r.IntN((len(w.workspaces)+len(w.organizations)-1)/len(w.organizations)) * len(w.organizations)
	return addition(w.workspaces[i], w.of(i))
}

func addition(workspace string, org organization) request {
	who := node.NewID[domain.UserID]()
	return request{
		method: http.MethodPost, path: "/v1/workspaces/" + workspace + "/members", token: org.token,
		body: fmt.Sprintf(`{"user_id":%q,"role":"editor","email":"%s@example.com"}`, who, who),
	}
}

func (w *world) checkMember(r *rand.Rand) request {
	i, id, org := w.random(r)
	return check(org, person(w.member(i, r.IntN(members))), id, "true")
}

func (w *world) checkInherited(r *rand.Rand) request {
	i, id, org := w.random(r)
	return check(org, w.admin(i), id, "true")
}

func (w *world) checkDenied(r *rand.Rand) request {
	_, id, org := w.random(r)
	return check(org, node.NewID[domain.UserID](), id, "false")
}

func check(org organization, who domain.UserID, workspace, allowed string) request {
	return request{
		method: http.MethodPost, path: "/v1/access/check", token: org.token,
		body: checkBody(who, workspace), want: `"allowed":` + allowed,
	}
}

func checkBody(who domain.UserID, workspace string) string {
	return fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"role":"editor"}`, who, workspace)
}

func (w *world) list(r *rand.Rand) request {
	_, id, org := w.random(r)
	return request{method: http.MethodGet, path: "/v1/workspaces/" + id + "/members?page_size=100", token: org.token, want: `"user_id"`}
}

func (w *world) workspacesOf(r *rand.Rand) request {
	i, id, org := w.random(r)
	who := person(w.member(i, r.IntN(members)))
	return request{
		method: http.MethodGet, token: org.token, want: id,
		path: "/v1/organizations/" + org.id + "/users/" + who.String() + "/workspaces?page_size=100",
	}
}

// requests returns a caller that sends such requests on its own connection.
func (b *bench) requests(next func(*rand.Rand) request) caller {
	return func() (func() error, func() error, error) {
		c, err := dial(b.host)
		if err != nil {
			return nil, nil, err
		}
		r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // which rows are asked for is no secret
		return func() error {
			_, err := c.do(next(r))
			return err
		}, c.Close, nil
	}
}

// flusher returns a caller that appends 512 bytes to a file and flushes it.
func flusher(dir string) caller {
	return func() (func() error, func() error, error) {
		f, err := os.Create(filepath.Join(dir, "floor"))
		if err != nil {
			return nil, nil, err
		}
		record := make([]byte, 512)
		return func() error {
			_, err := f.Write(record)
			return errors.Join(err, f.Sync())
		}, f.Close, nil
	}
}
