package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/ids"
)

const (
	// organizations is how many organizations there are at most.
	organizations = 100
	// members is how many members each workspace has at first.
	members = 100
	// fillers is how many callers fill.
	fillers = 32
)

// world is what there is to ask for: organizations, workspaces in each, a hundred members
// in each workspace. Everybody is in five workspaces on average. Names and ids of people
// follow from numbers, so none of them are kept.
type world struct {
	organizations []organization
	workspaces    []string // ids; workspace i belongs to organization i % len(organizations)
	people        int
}

type organization struct{ id, token string }

func newWorld(memberships int) *world {
	workspaces := max(memberships/members, 1)
	return &world{
		organizations: make([]organization, min(organizations, workspaces)),
		workspaces:    make([]string, workspaces),
		people:        max(workspaces*members/5, members),
	}
}

// of returns the organization of a workspace.
func (w *world) of(workspace int) organization {
	return w.organizations[workspace%len(w.organizations)]
}

// member returns the number of a member of a workspace. A prime spreads a person's
// workspaces over all organizations.
func (w *world) member(workspace, n int) int {
	const prime = 104729
	return (workspace*members + n) * prime % w.people
}

// person returns the id of a person.
func person(n int) domain.UserID { return ids.Derived("muster bench", "person", strconv.Itoa(n)) }

// admin returns the id of the owner of an organization, who has access to all of its
// workspaces without being a member.
func (w *world) admin(workspace int) domain.UserID {
	return ids.Derived("muster bench", "admin", strconv.Itoa(workspace%len(w.organizations)))
}

// random returns a random workspace with its organization.
func (w *world) random(r *rand.Rand) (workspace int, id string, org organization) {
	i := r.IntN(len(w.workspaces))
	return i, w.workspaces[i], w.of(i)
}

// fill makes all of the world over HTTP, and measures how many members it adds in a
// second.
func (b *bench) fill(ctx context.Context, stderr io.Writer) error {
	w := b.world
	c, err := dial(b.host)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // there is nothing to lose
	for i := range w.organizations {
		if w.organizations[i], err = makeOrganization(c, w.admin(i), i); err != nil {
			return err
		}
	}
	show, shown := terminal.Progress(stderr, slog.New(slog.NewTextHandler(stderr, nil)), "memberships")
	defer shown()
	var mutex sync.Mutex // of done and the progress
	done := 0
	var next atomic.Int64
	times, errs := make([][]time.Duration, fillers), make([]error, fillers)
	begin := time.Now()
	var wg sync.WaitGroup
	for i := range fillers {
		wg.Go(func() {
			times[i], errs[i] = b.fillSome(ctx, &next, func() {
				mutex.Lock()
				defer mutex.Unlock()
				done += members
				show(uint64(done), uint64(len(w.workspaces)*members)) //nolint:gosec // positive
			})
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	took := time.Since(begin)
	m := summary(slices.Concat(times...))
	m.What, m.Callers = "filling by batches of 99, members", fillers
	m.PerSecond = float64(len(w.workspaces)*members) / took.Seconds()
	b.results = append(b.results, m)
	return nil
}

// fillSome fills the next workspace, again and again until there is none. It returns how
// long the batches took.
func (b *bench) fillSome(ctx context.Context, next *atomic.Int64, filled func()) (times []time.Duration, err error) {
	c, err := dial(b.host)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for {
		workspace := int(next.Add(1)) - 1
		if workspace >= len(b.world.workspaces) || ctx.Err() != nil {
			return times, ctx.Err()
		}
		took, err := b.world.fillWorkspace(c, workspace)
		if err != nil {
			return times, err
		}
		times = append(times, took)
		filled()
	}
}

// fillWorkspace makes a workspace with its owner, and adds the other members in one batch.
// It returns how long the batch took.
func (w *world) fillWorkspace(c *connection, workspace int) (time.Duration, error) {
	org := w.of(workspace)
	made, err := create(c, request{
		path: "/v1/organizations/" + org.id + "/workspaces", token: org.token,
		body: fmt.Sprintf(`{"name":"Workspace %d","owner_user_id":%q}`, workspace, person(w.member(workspace, 0))),
	})
	if err != nil {
		return 0, err
	}
	w.workspaces[workspace] = made.ID
	body := []byte(`{"mode":"atomic","operations":[`)
	for n := 1; n < members; n++ {
		who := w.member(workspace, n)
		body = fmt.Appendf(body, `{"op":"add","user_id":%q,"role":"editor","email":"person%d@example.com"},`, person(who), who)
	}
	body = append(body[:len(body)-1], "]}"...)
	begin := time.Now()
	_, err = c.do(request{method: http.MethodPost, path: "/v1/workspaces/" + made.ID + "/members/batch", token: org.token, body: string(body), want: `"refused":0`})
	return time.Since(begin), err
}

// makeOrganization makes an organization and a token that may do everything in it.
func makeOrganization(c *connection, owner domain.UserID, n int) (organization, error) {
	made, err := create(c, request{
		path: "/v1/organizations", token: root,
		body: fmt.Sprintf(`{"name":"Organization %d","owner":{"user_id":%q,"email":"admin%d@example.com"}}`, n, owner, n),
	})
	if err != nil {
		return organization{}, err
	}
	issued, err := create(c, request{path: "/v1/organizations/" + made.ID + "/tokens", token: root, body: `{"name":"bench","scopes":["all:all"]}`})
	return organization{made.ID, issued.Secret}, err
}

// created is the part of a response that names what was made.
type created struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

func create(c *connection, r request) (made created, err error) {
	r.method = http.MethodPost
	text, err := c.do(r)
	if err != nil {
		return made, err
	}
	return made, json.Unmarshal(text, &made)
}
