package proof_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log is a log with one partition, and its checkpoints.
type log struct {
	dir, url    string
	store       *store.Store
	checkpoints *proof.Checkpoints
	ids         wire.EventIDs
	tip         wire.Checkpoint
	end         func() error
}

func newLog(t *testing.T, dir string, o proof.Options) *log { return newLogAt(t, dir, "", o) }

func newLogAt(t *testing.T, dir, url string, o proof.Options) *log {
	t.Helper()
	l, err := tryLog(t, dir, url, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func tryLog(t *testing.T, dir, url string, o proof.Options) (*log, error) {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	s, err := store.Open(t.Context(), store.Options{Dir: dir, URL: url, Partitions: 1, Logger: o.Logger})
	if err != nil {
		t.Fatal(err)
	}
	l := &log{dir: dir, url: url, store: s}
	if l.checkpoints, err = proof.Open(t.Context(), s, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.checkpoints.Run(ctx)
	}()
	l.end = func() error {
		l.end = func() error { return nil }
		cancel()
		<-ended
		return errors.Join(l.checkpoints.Close(), s.Close())
	}
	t.Cleanup(func() {
		if err := l.end(); err != nil {
			t.Error(err)
		}
	})
	if l.tip, err = s.Partitions[0].Tip(t.Context()); err != nil {
		return nil, err
	}
	l.ids.Last = l.tip.ID
	l.checkpoints.Start(l.tip)
	return l, nil
}

func (l *log) stop(t *testing.T) {
	t.Helper()
	if err := l.end(); err != nil {
		t.Fatal(err)
	}
}

// write appends messages of one event each, and has them followed.
func (l *log) write(t *testing.T, events int) {
	t.Helper()
	for range events {
		at := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
		r := domain.Recorded{
			Event: domain.OrganizationRenamed{About: domain.About{Organization: domain.OrganizationID(uuid.New())}, Name: domain.Change[string]{To: "Acme"}}, Number: l.tip.Number + 1, Time: at,
			ID: l.ids.Next(at), Actor: domain.Actor{Kind: domain.ActorToken, ID: "root"}, Command: domain.CommandID(uuid.New()),
		}
		payload, err := wire.Append(nil, 0, &r)
		if err != nil {
			t.Fatal(err)
		}
		e := wire.Next(l.tip, "test", append(payload, ']'))
		if err := l.store.Partitions[0].Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		m, err := e.DecodeAlone(0)
		if err != nil {
			t.Fatal(err)
		}
		l.tip = m.Checkpoint()
		l.store.SetMark(l.tip)
		l.checkpoints.Follow(m)
	}
}

// checkpoint returns the last checkpoint, which must have that many events.
func (l *log) checkpoint(t *testing.T, events int64) proof.Published {
	t.Helper()
	c := l.checkpoints.Latest(t.Context(), 0)
	if c.N != events || c.Trouble != nil {
		t.Fatalf("a checkpoint of %d events, not %d: %v", c.N, events, c.Trouble)
	}
	return c
}

func (l *log) until(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not happen")
		}
	}
}

func (l *log) prove(t *testing.T, number uint64) error {
	t.Helper()
	entry, err := l.store.Partitions[0].Entry(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	p, err := l.checkpoints.Prove(ctx, wire.Position{Number: number}, entry.Stored)
	if err == nil {
		_, err = l.checkpoints.Verifier().Check(entry.Stored, p.Text())
	}
	return err
}

// TestOtherHistory gives a node a log that is shorter than what it has signed, and one that has
// another history. It signs neither, and says why.
func TestOtherHistory(t *testing.T) {
	for name, events := range map[string]int{"shorter": 3, "other": 9} {
		t.Run(name, func(t *testing.T) {
			signed := newLog(t, t.TempDir(), proof.Options{})
			signed.write(t, 6)
			signed.checkpoint(t, 6)
			signed.stop(t)

			other := newLog(t, t.TempDir(), proof.Options{})
			other.write(t, events)
			other.stop(t)
			if err := os.RemoveAll(filepath.Join(other.dir, "proof")); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(signed.dir, "proof"), filepath.Join(other.dir, "proof")); err != nil {
				t.Fatal(err)
			}
			other = newLog(t, other.dir, proof.Options{})
			other.until(t, func() bool { return other.checkpoints.Trouble(0) != nil })
			other.write(t, 1)
			c := other.checkpoints.Latest(t.Context(), 0)
			if !errors.Is(c.Trouble, proof.ErrInconsistent) || c.N != 6 {
				t.Errorf("a checkpoint of %d events: %v", c.N, c.Trouble)
			}
			if err := other.prove(t, 1); !errors.Is(err, proof.ErrInconsistent) {
				t.Errorf("an event is proved: %v", err)
			}
			other.stop(t)
			if last, err := os.ReadFile(filepath.Join(other.dir, "proof", "checkpoint-00")); err != nil || string(last) != string(c.Note) {
				t.Errorf("%s, %v", last, err)
			}
		})
	}
}

// TestHashesDamagedWhileRunning changes hashes below a node that runs. Its next proof is made
// from the log again.
func TestHashesDamagedWhileRunning(t *testing.T) {
	l := newLog(t, t.TempDir(), proof.Options{})
	l.write(t, 40)
	l.checkpoint(t, 40)
	f, err := os.OpenFile(filepath.Join(l.dir, "proof", "tree-00"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 60*tlog.HashSize), 0); err != nil {
		t.Fatal(err)
	}
	for number := range uint64(40) {
		if err := l.prove(t, number+1); err != nil {
			t.Errorf("event %d: %v", number+1, err)
		}
	}
	l.write(t, 1)
	l.checkpoint(t, 41)
	entry, err := l.store.Partitions[0].Entry(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	entry.Stored = append([]byte(" "), entry.Stored...)
	if _, err := l.checkpoints.Prove(t.Context(), wire.Position{Number: 7}, entry.Stored); !errors.Is(err, proof.ErrNotIncluded) {
		t.Errorf("other bytes than those that were signed: %v", err)
	}
}

// TestBacklog starts on a log that was never hashed, as after an upgrade, and follows more than
// waits in memory.
func TestBacklog(t *testing.T) {
	l := newLog(t, t.TempDir(), proof.Options{})
	l.write(t, 50)
	l.stop(t)
	if err := os.RemoveAll(filepath.Join(l.dir, "proof")); err != nil {
		t.Fatal(err)
	}
	l = newLog(t, l.dir, proof.Options{})
	l.until(t, func() bool { return l.checkpoints.Latest(t.Context(), 0).N == 50 })
	if err := l.prove(t, 1); err != nil {
		t.Error(err)
	}
	l.write(t, 5)
	if err := l.prove(t, 55); err != nil {
		t.Error(err)
	}
	if v, all, err := proof.Signed(t.Context(), l.store); err != nil || !v.Equal(l.checkpoints.Verifier()) || all[0].N != 55 {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestNodes has two nodes sign checkpoints of one log. They have one key, and no checkpoint of
// one is older than, or contradicts, what the other has signed.
func TestNodes(t *testing.T) {
	url := natstest.Outside(t)
	one := newLogAt(t, t.TempDir(), url, proof.Options{})
	two := newLogAt(t, t.TempDir(), url, proof.Options{})
	if !one.checkpoints.Verifier().Equal(two.checkpoints.Verifier()) {
		t.Fatal("the nodes have different keys")
	}
	for range 5 {
		from := one.tip
		one.write(t, 3)
		signed := one.checkpoint(t, int64(one.tip.Number))
		messages := make(chan wire.Message, 3)
		if err := two.store.Partitions[0].Read(t.Context(), from, &one.tip, messages); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			two.checkpoints.Follow(<-messages)
		}
		if same := two.checkpoint(t, int64(one.tip.Number)); string(same.Note) != string(signed.Note) {
			t.Errorf("the nodes have signed different trees:\n%s\n%s", signed.Note, same.Note)
		}
	}
	one.stop(t)
	two.stop(t)

	// A node that has seen another history signed, one with a directory of another installation, and
	// one without the key.
	again, err := tryLog(t, one.dir, url, proof.Options{})
	if err != nil {
		t.Fatal(err)
	}
	copied, _, err := proof.CopyOf(t.Context(), again.store)
	if err != nil {
		t.Fatal(err)
	}
	key, err := proof.ParseKey(copied.Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := key.Sign(0, tlog.Tree{N: int64(one.tip.Number), Hash: tlog.Hash{1}})
	if err != nil {
		t.Fatal(err)
	}
	seen := filepath.Join(two.dir, "proof", "checkpoint-00")
	if err := os.WriteFile(seen, c.Note, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tryLog(t, two.dir, url, proof.Options{}); !errors.Is(err, proof.ErrInconsistent) {
		t.Error(err)
	}
	if kept, err := os.ReadFile(seen); err != nil || string(kept) != string(c.Note) {
		t.Errorf("what shows the other history was replaced: %v", err)
	}
	other := newKey(t)
	c, err = other.Sign(0, tlog.Tree{N: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(seen, c.Note, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tryLog(t, two.dir, url, proof.Options{}); !errors.Is(err, proof.ErrOtherKey) {
		t.Error(err)
	}
	fresh := newLogAt(t, t.TempDir(), url, proof.Options{})
	if err := fresh.prove(t, 2); err != nil {
		t.Error(err)
	}
	if err := fresh.store.JS.DeleteStream(t.Context(), store.Keys.Name); err != nil {
		t.Fatal(err)
	}
	if _, err := tryLog(t, t.TempDir(), url, proof.Options{}); !errors.Is(err, proof.ErrKeyLost) {
		t.Error(err)
	}
	if _, _, err := proof.CopyOf(t.Context(), fresh.store); !errors.Is(err, proof.ErrKeyLost) {
		t.Errorf("a copy without the key: %v", err)
	}
}

func ExampleVerifier_Check() {
	key, _ := proof.NewKey()
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	tree, _ := proof.OpenTree(filepath.Join(dir, "tree"))
	defer tree.Close()
	event := []byte(`{"sequence":"0-1"}`)
	_ = tree.Append(event)
	head, _ := tree.Head(1)
	checkpoint, _ := key.Sign(0, head)
	p, _ := proof.Prove(tree, checkpoint, 1, event)

	v, _ := proof.ParseVerifier(key.Verifier().Keys(1))
	checked, err := v.Check(event, p.Text())
	fmt.Println(checked.Position, err)
	// Output: 0-1 <nil>
}
