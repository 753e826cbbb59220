package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/natstest"
)

// TestExportFromNATS exports the log of a service that runs on an external NATS server, without
// its data directory, and checks the exports without the server.
func TestExportFromNATS(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	p := serving(t, t.TempDir(), "--nats-url", url, "--partitions", "2", nativeOnly)
	s := p.api.found()
	for range 5 {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	history := p.api.history(s)
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	writeFile(t, key, []byte(p.api.must(200, "GET", "/v1/checkpoints/key", "").body))
	// Proving the last event has a checkpoint signed that covers all of them.
	service := []string{"--url", p.api.url, "--token", processToken, "--organization", s.org}
	exits0(t, append([]string{"audit", "prove", "--event", positionOf(t, history[len(history)-1]), "--out", dir}, service...)...)
	for name, args := range map[string][]string{"organization": {"--organization", s.org}, "log": {"--all"}} {
		export := filepath.Join(dir, name)
		exits0(t, append([]string{"audit", "export", "--nats-url", url, "--out", export}, args...)...)
		exits0(t, "audit", "verify", "--key", key, export)
	}
	events := string(readFile(t, filepath.Join(dir, "organization", "events.jsonl")))
	if n := strings.Count(events, "\n"); n != len(history) {
		t.Errorf("%d events are exported of %d", n, len(history))
	}
}

// TestExportFromAServiceThatIsWritten exports an organization over the API while its log grows. The
// service signs checkpoints meanwhile, and yet all proofs lead to the one in the export.
func TestExportFromAServiceThatIsWritten(t *testing.T) {
	t.Parallel()
	p := serving(t, t.TempDir(), "--partitions", "1", nativeOnly)
	s := p.api.found()
	add := func() { p.api.must(201, "POST", s.members(), editor(uuid.NewString())) }
	for range 410 { // more than two pages
		add()
	}
	dir := t.TempDir()
	key, export := filepath.Join(dir, "key"), filepath.Join(dir, "export")
	writeFile(t, key, []byte(p.api.must(200, "GET", "/v1/checkpoints/key", "").body))
	running := muster(t.Context(), "audit", "export", "--url", p.api.url, "--token", processToken, "--organization", s.org, "--out", export)
	var said strings.Builder
	running.Stdout, running.Stderr = &said, &said
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // fewer than the rounds in which proofs are asked for again
		add()
		p.api.must(200, "GET", "/v1/checkpoints", "") // has the next one signed
	}
	if err := running.Wait(); err != nil {
		t.Fatalf("%v:\n%s", err, &said)
	}
	exits0(t, "audit", "verify", "--key", key, "--checkpoint", filepath.Join(export, "checkpoint"), export)
}

// TestExportChangesNothing exports from the data directory of a service that runs, and from the
// directory of one that was killed.
func TestExportChangesNothing(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := serving(t, data, "--partitions", "1", nativeOnly)
	s := p.api.found()
	p.kill()
	before := treeOf(t, data)
	for _, name := range []string{"one", "two"} {
		status, text := says(t, "audit", "export", "--data", data, "--all", "--out", filepath.Join(t.TempDir(), name))
		if status != 0 {
			t.Errorf("audit export exits with %d:\n%s", status, text)
		}
		unchanged(t, data, before)
	}
	p.start()
	p.ready()
	last := p.api.history(s)
	dir := t.TempDir()
	exits0(t, "audit", "prove", "--url", p.api.url, "--token", processToken, "--organization", s.org, "--event", positionOf(t, last[len(last)-1]), "--out", dir)
	exits0(t, "audit", "export", "--data", data, "--all", "--out", filepath.Join(dir, "beside"))
	exits0(t, "audit", "verify", "--key", filepath.Join(data, "proof", "key.pub"), filepath.Join(dir, "beside"))
	p.api.must(201, "POST", s.members(), editor(uuid.NewString())) // the service has not noticed
	p.stop()
}

// positionOf returns the position of an event.
func positionOf(t testing.TB, event string) string {
	t.Helper()
	var named struct {
		Sequence string `json:"sequence"`
	}
	if err := json.Unmarshal([]byte(event), &named); err != nil {
		t.Fatal(err)
	}
	return named.Sequence
}

// exits0 fails the test unless the program exits with 0.
func exits0(t testing.TB, args ...string) {
	t.Helper()
	if status, text := says(t, args...); status != 0 {
		t.Fatalf("muster %s exits with %d:\n%s", strings.Join(args, " "), status, text)
	}
}
