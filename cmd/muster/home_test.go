package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/natstest"
)

// person puts a person with a profile into the organization, so that a key is used.
func (a *apiClient) person(s site) string {
	a.t.Helper()
	user := uuid.NewString()
	a.must(http.StatusCreated, "POST", s.members(), `{"user_id": "`+user+`", "role": "editor", "email": "`+user[:8]+`@example.com", "name": {"first": "Ada"}}`)
	return user
}

// TestForeignEmbeddedLog starts a service on the NATS of another one whose log is embedded. It
// must be refused before it writes anything: it would make keys of people that the other one
// does not have.
func TestForeignEmbeddedLog(t *testing.T) {
	t.Parallel()
	home, listen := t.TempDir(), natstest.Address(t)
	p := serving(t, home, "--partitions", "1", nativeOnly, "--nats-listen", listen)
	s := p.api.found()
	p.api.person(s)
	url := "nats://" + strings.TrimSpace(string(readFile(t, filepath.Join(home, "nats-token")))) + "@" + listen

	other := filepath.Join(t.TempDir(), "other")
	refused := func(when string) {
		t.Helper()
		for range 2 {
			q := newProcess(t, other, nativeOnly, "--nats-url", url)
			q.start()
			if refusal := q.tryReady(); !strings.Contains(refusal, "the keys of personal data of this log are elsewhere: this is the NATS of a service whose log is embedded") {
				t.Fatalf("%s: %q", when, refusal)
			}
		}
		if _, err := os.Stat(filepath.Join(other, "muster.json")); err == nil {
			t.Errorf("%s: the directory belongs to the log that was refused", when)
		}
		p.api.person(s)
		i := intrude(t, url)
		if _, err := i.js.Stream(t.Context(), "MUSTER_PERSONAL_KEYS"); err == nil {
			t.Errorf("%s: keys were made on the NATS of the other service", when)
		}
	}
	refused("the log says where its keys are")

	// The log of a version that did not say it.
	if err := intrude(t, url).js.DeleteStream(t.Context(), "MUSTER_KEYS"); err != nil {
		t.Fatal(err)
	}
	refused("the log does not say where its keys are")
	p.stop()
	p.start()
	p.ready()
	if _, err := intrude(t, url).js.Stream(t.Context(), "MUSTER_KEYS"); err != nil {
		t.Errorf("after the next start: %v", err)
	}
	refused("the next start has said it")
	p.stop()
	verified(t, "--data", home)

	// The directory that was refused is as good as new.
	serving(t, other, nativeOnly).stop()
}

// TestOtherKeysOfPeople starts a service with keys that are not those of its log.
func TestOtherKeysOfPeople(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	s := p.api.found()
	p.api.person(s)
	p.stop()
	serving(t, other, "--partitions", "1", nativeOnly).stop()
	path := filepath.Join(dir, "personal-keys.db")
	mine := readFile(t, path)
	for name, replace := range map[string]func(){
		"of another log": func() { writeFile(t, path, readFile(t, filepath.Join(other, "personal-keys.db"))) },
		"lost": func() {
			for _, name := range []string{path, path + "-journal"} {
				if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
			}
		},
	} {
		replace()
		p.start()
		if refusal := p.tryReady(); !strings.Contains(refusal, "these are not the keys of personal data that belong to this log") {
			t.Errorf("keys that are %s: %q", name, refusal)
		}
	}
	_ = os.Remove(path + "-journal")
	writeFile(t, path, mine)
	p.start()
	p.ready()
	p.api.person(s)
	p.stop()
	verified(t, "--data", dir)
}

// TestNodesShareKeys starts two nodes on one external server: they have the same keys, so none is
// refused.
func TestNodesShareKeys(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	one := serving(t, t.TempDir(), "--partitions", "1", nativeOnly, "--nats-url", url)
	s := one.api.found()
	two := serving(t, t.TempDir(), nativeOnly, "--nats-url", url)
	user := two.api.person(s)
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		r, err := one.api.do("GET", s.members()+"/"+user, "")
		if err == nil && r.status == http.StatusOK && strings.Contains(string(r.body), "Ada") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the other node shows %v %d %s", err, r.status, r.body)
		}
	}
	one.stop()
	two.stop()
}
