package main

import (
	"strings"
	"testing"

	"github.com/muster-dev/muster/events/natstest"
)

// TestLostKeysOutside deletes the keys of people on an external server. No node starts on it, none are
// made, and audit verify says so.
func TestLostKeysOutside(t *testing.T) {
	t.Parallel()
	url, dir := natstest.Outside(t), t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly, "--nats-url", url)
	s := p.api.found()
	p.api.erase(s, p.api.person(s))
	p.stop()
	status, text := says(t, "audit", "verify", "--nats-url", url, "--data", dir)
	if status != 0 || !strings.Contains(text, "ok    keys of people   those of the log") || !strings.Contains(text, "ok    erasure ledger   unbroken; 1 erasure\n") {
		t.Errorf("audit verify exits with %d:\n%s", status, text)
	}
	i := intrude(t, url)
	if err := i.js.DeleteStream(t.Context(), "MUSTER_PERSONAL_KEYS"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, t.TempDir()} {
		q := newProcess(t, dir, nativeOnly, "--nats-url", url)
		q.start()
		if refusal := q.tryReady(); !strings.Contains(refusal, "these are not the keys of personal data that belong to this log: MUSTER_PERSONAL_KEYS: the keys of personal data are missing") {
			t.Errorf("without the keys: %q", refusal)
		}
	}
	if _, err := i.js.Stream(t.Context(), "MUSTER_PERSONAL_KEYS"); err == nil {
		t.Error("new keys were made")
	}
	if status, text = says(t, "audit", "verify", "--nats-url", url, "--data", dir); status != 1 || !strings.Contains(text, "FAIL  keys of people   these are not the keys") {
		t.Errorf("audit verify exits with %d:\n%s", status, text)
	}
	if status, text = says(t, "backup", "--nats-url", url, "--out", t.TempDir(), "--keys-for", backupRecipient); status != 1 || !strings.Contains(text, "these are not the keys") {
		t.Errorf("backup exits with %d:\n%s", status, text)
	}
}
