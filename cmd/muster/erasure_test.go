package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// largeDirectory is how many people a large directory has. Under the race detector, which does not
// look at SQLite, fewer have to do.
const largeDirectory = 20_000 / slowness

// TestErasure erases people. From the response on nothing shows their profiles: no read of now or of
// the past, no stream of events, no webhook that was pending, no file, no backup, and no service that
// an older backup is restored to with the ledger.
func TestErasure(t *testing.T) {
	t.Parallel()
	dir, work := t.TempDir(), t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly, "--webhook-allow-private")
	s := p.api.found()
	r := newEchoes(t)
	r.subscribe(p.api, s)
	all := []canary{newCanary(), newCanary()}
	for i := range all {
		all[i].enter(p.api, s)
	}
	hooked := all[0]
	traced(t, all, dir)
	r.until("the webhook has failed", func() bool { return r.arrived(hooked.word) > 0 })
	untracedDeliveries(p.api, r, hooked)
	identity, old := filepath.Join(work, "identity"), filepath.Join(work, "old.tar")
	writeFile(t, identity, []byte(backupIdentity))
	does(t, "backup", "--data", dir, "--out", old, "--keys-for", backupRecipient)

	for _, c := range all {
		c.asked(p.api, s)
		c.erase(p.api, s)
	}
	untraced(t, "running", all, dir)

	before := r.arrived(hooked.word)
	r.accept()
	p.api.must(200, "POST", r.path+"/pause", "")
	p.api.must(200, "POST", r.path+"/resume", "")
	r.until("the webhooks arrive", func() bool { return r.arrived(`"muster.user.erased"`) == len(all) })
	if n := r.arrived(hooked.word); n != before {
		t.Errorf("%d webhooks have the profile that was erased", n-before)
	}
	if n := hooked.tombstones(t, r.taken()); n != 3 {
		t.Errorf("%d webhooks of 3 are a tombstone", n)
	}
	events := p.api.history(s)
	stream := reader{t: t, api: p.api, site: s}
	stream.read(len(events))
	if hooked.tombstones(t, stream.events); !slices.Equal(stream.events, events) {
		t.Error("the stream from the beginning has other events than the list")
	}

	p.stop()
	untraced(t, "stopped", all, dir)
	for _, args := range [][]string{{"--format", "jsonl"}, {"--state", "--to", hooked.before}} {
		status, text := says(t, append([]string{"audit", "replay", "--data", dir, "--organization", s.org}, args...)...)
		for _, c := range all {
			if status != 0 || strings.Contains(text, c.word) {
				t.Errorf("audit replay %v: %d: %s", args, status, text)
			}
		}
	}
	does(t, "rebuild", "--data", dir)
	p.start()
	p.ready()
	for _, c := range all {
		c.unshown(p.api, s, "")
	}
	does(t, "backup", "--data", dir, "--out", filepath.Join(work, "new.tar"), "--keys-for", backupRecipient)
	p.stop()
	untraced(t, "rebuilt", all, dir)
	untraced(t, "backed up", all, work) // what the older one has is sealed, and its keys are encrypted
	verified(t, "--data", dir)

	to := filepath.Join(work, "restored")
	restore := []string{"restore", old, "--data", to, "--keys-identity", identity}
	if status, text := says(t, restore...); status == 0 || !strings.Contains(text, "which could bring back people who were erased since: say --ledger FILE") {
		t.Errorf("without the ledger: %d: %s", status, text)
	}
	does(t, append(restore, "--ledger", filepath.Join(dir, "erasure-ledger"))...)
	p = serving(t, to, nativeOnly)
	for _, c := range all {
		c.unshown(p.api, s, "")
		c.tombstones(t, p.api.history(s))
	}
	untraced(t, "restored, running", all, to)
	p.stop()
	untraced(t, "restored, stopped", all, to)
	verified(t, "--data", to)
}

// TestErasureInLargeDirectory erases people among many, whose rows SQLite has moved between pages.
func TestErasureInLargeDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	s := p.api.found()
	people := p.api.gather(t, s)
	canaries := make([]canary, 5)
	for i := range canaries {
		canaries[i] = newCanary()
		canaries[i].enter(p.api, s)
		p.api.stir(t, s, people[i*500:(i+1)*500])
	}
	traced(t, canaries, dir)
	for _, c := range canaries {
		c.asked(p.api, s)
	}
	for _, c := range canaries {
		c.erase(p.api, s)
	}
	untraced(t, "running", canaries, dir)
	p.api.stir(t, s, people[2500:3000]) // pages that change later do not bring it back
	p.stop()
	untraced(t, "stopped", canaries, dir)
}

// gather adds many people to the workspace, and returns the users.
func (c apiClient) gather(t *testing.T, s site) (users []string) {
	t.Helper()
	const each = 500
	for range largeDirectory / each {
		var operations []string
		for range each {
			user := uuid.NewString()
			users = append(users, user)
			operations = append(operations, fmt.Sprintf(`{"op":"add","user_id":%[1]q,"role":"viewer","email":"%[1]s@example.com","name":{"first":"Ada","last":"of %[1]s"}}`, user))
		}
		c.must(200, "POST", s.members()+"/batch", `{"mode":"atomic","operations":[`+strings.Join(operations, ",")+`]}`)
	}
	return users
}

// stir makes some rows longer, so that pages are split, and others shorter.
func (c apiClient) stir(t *testing.T, s site, users []string) {
	t.Helper()
	var clients sync.WaitGroup
	for part := range slices.Chunk(users[:50], 25) {
		clients.Go(func() {
			for _, user := range part {
				body := fmt.Sprintf(`{"avatar_url":"https://example.com/%s"}`, strings.Repeat("y", 900))
				if r, err := c.do("PUT", "/v1/organizations/"+s.org+"/users/"+user, body); err != nil || r.status != 200 {
					t.Errorf("%v: %d: %s", err, r.status, r.body)
				}
			}
		})
	}
	clients.Wait()
	var operations []string
	for _, user := range users[50:] {
		operations = append(operations, fmt.Sprintf(`{"op":"remove","user_id":%q}`, user))
	}
	c.must(200, "POST", s.members()+"/batch", `{"mode":"atomic","operations":[`+strings.Join(operations, ",")+`]}`)
}

// echoes is a receiver of webhooks that takes none until it is told to, and repeats what it gets, as
// some do to explain an error.
type echoes struct {
	t         *testing.T
	url, path string

	mu     sync.Mutex
	takes  bool
	bodies []string
	took   []string
}

func newEchoes(t *testing.T) *echoes {
	r := &echoes{t: t}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *echoes) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, string(body))
	if r.takes {
		r.took = append(r.took, string(body))
	} else {
		w.WriteHeader(http.StatusUnprocessableEntity)
	}
	_, _ = w.Write(body)
}

func (r *echoes) subscribe(api apiClient, s site) {
	r.path = "/v1/organizations/" + s.org + "/subscriptions"
	body := fmt.Sprintf(`{"name":"CRM","kind":"webhook","types":["muster.user.*"],"from":"latest","include":["profile"],"url":%q}`, r.url)
	r.path += "/" + api.must(201, "POST", r.path, body).field(r.t, "id")
}

func (r *echoes) accept() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takes = true
}

// arrived returns how many webhooks with the text have arrived.
func (r *echoes) arrived(text string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, body := range r.bodies {
		if strings.Contains(body, text) {
			n++
		}
	}
	return n
}

func (r *echoes) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.took)
}

func (r *echoes) until(what string, holds func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("never: %s", what)
		}
	}
}

// untracedDeliveries demands that what is kept of attempts does not have the profile that was sent,
// although the receiver has repeated it.
func untracedDeliveries(api apiClient, r *echoes, c canary) {
	api.t.Helper()
	var kept reply
	r.until("the attempt is kept", func() bool {
		kept = api.must(200, "GET", r.path+"/deliveries", "")
		return strings.Contains(string(kept.body), `"status":422`)
	})
	c.absent(api.t, "the list of deliveries", kept, nil)
}
