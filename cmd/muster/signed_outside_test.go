package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/proof"
)

// sign signs a tree that the log does not have, with the key that the nodes of an external log
// share, and makes it the last checkpoint.
func (i intruder) sign(t *testing.T, tree tlog.Tree) {
	t.Helper()
	keys, err := i.js.Stream(t.Context(), "MUSTER_KEYS")
	if err != nil {
		t.Fatal(err)
	}
	m, err := keys.GetLastMsgForSubject(t.Context(), "muster.keys.checkpoints")
	if err != nil {
		t.Fatal(err)
	}
	key, err := proof.ParseKey(m.Data)
	if err != nil {
		t.Fatal(err)
	}
	c, err := key.Sign(0, tree)
	if err != nil {
		t.Fatal(err)
	}
	i.publish(t, &nats.Msg{Subject: "muster.checkpoints.0", Data: c.Note})
}

// TestSignedOutside compares a log on NATS servers with what its nodes have signed, while they
// run and when they have stopped, and does not cut what was signed.
func TestSignedOutside(t *testing.T) {
	t.Parallel()
	url, data := natstest.Outside(t), t.TempDir()
	p := serving(t, data, "--partitions", "1", nativeOnly, "--nats-url", url)
	s := p.api.found()
	p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	last := parseEvent(t, p.api.history(s)[len(p.api.history(s))-1]).Sequence
	status, text := says(t, "audit", "verify", "--nats-url", url)
	if status != 0 || !strings.Contains(text, "ok    checkpoints      the log is the one that was signed, up to 0-") {
		t.Errorf("while a service runs, audit verify exits with %d:\n%s", status, text)
	}
	p.stop()
	i := intrude(t, url)
	i.sign(t, tlog.Tree{N: 3, Hash: tlog.RecordHash([]byte("another history"))})
	for _, where := range [][]string{{"--nats-url", url}, {"--nats-url", url, "--data", data}} {
		status, text = says(t, append([]string{"audit", "verify"}, where...)...)
		finds := "FAIL  checkpoints      partition 0: the log is not the one that was signed: its first 3 events have the root"
		if len(where) > 2 { // this node knows a later one
			finds = "FAIL  checkpoints      stream MUSTER_CHECKPOINTS, partition 0: it is not known any more which checkpoint was signed last"
		}
		if status != 1 || !strings.Contains(text, finds) {
			t.Errorf("audit verify exits with %d:\n%s", status, text)
		}
	}

	i.sign(t, tlog.Tree{N: 1000, Hash: tlog.RecordHash([]byte("events that are gone"))})
	if status, text = says(t, "audit", "verify", "--nats-url", url); status != 1 ||
		!strings.Contains(text, "a checkpoint of 1000 events was signed, and the log ends with "+last+"; the checkpoint is in stream MUSTER_CHECKPOINTS") {
		t.Errorf("audit verify exits with %d:\n%s", status, text)
	}
	i.publish(t, &nats.Msg{Subject: "muster.log.00", Data: []byte("not an event")})
	messages := i.last(t)
	for _, how := range [][]string{{"--dry-run"}, {"--yes", "--backup", filepath.Join(t.TempDir(), "cut.jsonl")}} {
		status, text = says(t, append([]string{"audit", "repair", "--truncate-after", last, "--nats-url", url}, how...)...)
		if status != 1 || !strings.Contains(text, "a checkpoint of the events up to 0-1000 was signed (stream MUSTER_CHECKPOINTS), and what is valid ends with "+last) || i.last(t) != messages {
			t.Errorf("audit repair %v exits with %d:\n%s", how, status, text)
		}
	}
}
