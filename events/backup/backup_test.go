package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
	"github.com/muster-dev/muster/events/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testTime = time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// open opens a log with so many partitions, and returns also what closes it.
func open(t *testing.T, o store.Options) (*store.Store, func() error) {
	t.Helper()
	o.Logger = quiet()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	end := sync.OnceValue(s.Close)
	t.Cleanup(func() { _ = end() })
	return s, end
}

// write appends so many messages to a partition, each with a number of events, and moves the
// high-water mark as a node does.
func write(t testing.TB, p *store.Partition, messages int) {
	t.Helper()
	if err := tryWrite(t.Context(), p, messages); err != nil {
		t.Fatal(err)
	}
}

// tryWrite is write for a goroutine that is not the test's.
func tryWrite(ctx context.Context, p *store.Partition, messages int) error {
	tip, err := p.Tip(ctx)
	if err != nil {
		return err
	}
	for i := range messages {
		e, err := next(tip, i%3+1)
		if err != nil {
			return err
		}
		if err := p.Append(ctx, e); err != nil {
			return err
		}
		m, err := e.Decode(tip)
		if err != nil {
			return err
		}
		tip = m.Checkpoint()
		p.SetMark(tip)
	}
	return nil
}

// next returns a message with that many events that follows the checkpoint.
func next(after wire.Checkpoint, events int) (wire.Envelope, error) {
	var payload []byte
	ids := wire.EventIDs{Last: after.ID}
	for i := range events {
		r := domain.Recorded{
			Event: domain.WorkspaceArchived{About: domain.About{Organization: domain.OrganizationID{1}, Workspace: domain.WorkspaceID{2}}},
			ID:    ids.Next(testTime), Number: after.Number + uint64(i) + 1, Time: testTime,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"}, Reason: strings.Repeat("because ", rand.IntN(20)),
		}
		var err error
		if payload, err = wire.Append(payload, after.Partition, &r); err != nil {
			return wire.Envelope{}, err
		}
	}
	return wire.Next(after, "a test", append(payload, ']')), nil
}

// memory is a file in memory.
type memory struct{ *bytes.Reader }

func newMemory(b []byte) memory { return memory{bytes.NewReader(b)} }

// saved returns a backup of the log as a file.
func saved(t testing.TB, s *store.Store, o Options) []byte {
	t.Helper()
	var file bytes.Buffer
	if _, err := Write(t.Context(), &file, s, o); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// whole opens a backup, which must be whole, and checks it.
func whole(t testing.TB, file []byte) *Archive {
	t.Helper()
	a, err := Open(t.Context(), newMemory(file), nil)
	if err == nil {
		err = a.Check(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// tips returns the checkpoints at the ends of the partitions.
func tips(t testing.TB, s *store.Store) (all []wire.Checkpoint) {
	t.Helper()
	for _, p := range s.Partitions {
		tip, err := p.Tip(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tip)
	}
	return all
}

// note writes the note of a subscription, twice, so that only the last one counts.
func note(t testing.TB, s *store.Store, subject string) {
	t.Helper()
	if _, err := s.Beside(t.Context(), subscription.Cursors()); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if _, err := s.JS.Publish(t.Context(), subject, fmt.Appendf(nil, `{"position":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
}

// A log is the same in every respect after it was restored from a backup, and can be written to.
func TestRestore(t *testing.T) {
	source := t.TempDir()
	s, end := open(t, store.Options{Dir: source, Partitions: 2})
	write(t, s.Partitions[0], 40)
	write(t, s.Partitions[1], 7)
	for i := range 30 {
		note(t, s, fmt.Sprintf("muster.cursors.%02d", i))
	}
	if _, err := s.Beside(t.Context(), store.Keys); err != nil {
		t.Fatal(err)
	}
	if _, err := s.JS.Publish(t.Context(), "muster.keys.webhook", []byte("the key of webhooks")); err != nil {
		t.Fatal(err)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	people := newPersons(t, source)
	sealer := []age.Recipient{identity.Recipient()}
	wanted := tips(t, s)

	// While the service runs in the directory its files are read.
	running, _ := open(t, store.Options{Dir: source, ReadOnly: true, Running: true})
	if !running.Busy() {
		t.Fatal("the directory is not in use")
	}
	files := map[string][]byte{"running": saved(t, running, Options{KeysFor: sealer}), "served": saved(t, s, Options{})}
	people.stop()
	if err := end(); err != nil {
		t.Fatal(err)
	}
	stopped, _ := open(t, store.Options{Dir: source, ReadOnly: true, Running: true})
	if stopped.Busy() {
		t.Fatal("the directory is in use")
	}
	files["stopped"] = saved(t, stopped, Options{KeysFor: sealer})
	for how, file := range files {
		t.Run(how, func(t *testing.T) {
			a := whole(t, file)
			if bytes.Contains(file, []byte("the key of webhooks")) {
				t.Error("a key can be read")
			}
			var identities []age.Identity
			if a.Keys {
				identities = []age.Identity{identity}
			}
			o := RestoreOptions{Identities: identities, Ledger: people.ledger}
			dir := t.TempDir()
			err := a.Restore(t.Context(), store.Options{Dir: dir, Logger: quiet()}, RestoreOptions{Identities: identities})
			if a.Keys && !errors.Is(err, ErrLedgerNeeded) {
				t.Errorf("with the mark of an erased key and without a ledger: %v", err)
			}
			if !a.Keys {
				dir = t.TempDir() // nothing of people was in it
			}
			if err := a.Restore(t.Context(), store.Options{Dir: dir, Logger: quiet()}, o); err != nil {
				t.Fatal(err)
			}
			people.check(t, dir, a.Keys)
			if err := a.Restore(t.Context(), store.Options{Dir: dir, Logger: quiet()}, RestoreOptions{Again: true}); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("restoring twice: %v", err)
			}
			restored, _ := open(t, store.Options{Dir: dir})
			for i, got := range tips(t, restored) {
				if got != wanted[i] {
					t.Errorf("partition %d ends with %+v, not with %+v", i, got, wanted[i])
				}
			}
			notes, err := restored.Latest(t.Context(), "MUSTER_CURSORS")
			if err != nil || len(notes) != 30 || string(notes[29].Data) != `{"position":1}` {
				t.Errorf("the cursors are %v: %v", notes, err)
			}
			if a.Keys {
				kept, err := restored.Latest(t.Context(), "MUSTER_KEYS")
				if err != nil || len(kept) != 1 || string(kept[0].Data) != "the key of webhooks" {
					t.Errorf("the key of webhooks is %v: %v", kept, err)
				}
			}
			write(t, restored.Partitions[1], 3)
		})
	}
}

// A backup is taken while the log is being written, and has everything that was acknowledged
// before.
func TestUnderLoad(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir, Partitions: 1})
	write(t, s.Partitions[0], 5)
	writing, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	var acknowledged atomic.Uint64
	writer.Go(func() {
		for n := uint64(5); writing.Err() == nil; {
			if err := tryWrite(t.Context(), s.Partitions[0], 1); err != nil {
				t.Error(err)
				return
			}
			n++
			acknowledged.Store(n)
		}
	})
	defer writer.Wait()
	defer stop()
	for range 20 {
		before := acknowledged.Load()
		running, end := open(t, store.Options{Dir: dir, ReadOnly: true, Running: true})
		a := whole(t, saved(t, running, Options{}))
		if a.Partitions[0].Message < before {
			t.Fatalf("the backup ends with message %d, and message %d was acknowledged before", a.Partitions[0].Message, before)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
}

// A service that has just written for the first time has only the mark that is overwritten in
// place. The other file follows within a second.
func TestFirstMoments(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir, Partitions: 1})
	write(t, s.Partitions[0], 5)
	flushed := filepath.Join(dir, "high-water")
	for deadline := time.Now().Add(time.Minute); os.Remove(flushed) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the mark is never written")
		}
	}
	running, _ := open(t, store.Options{Dir: dir, ReadOnly: true, Running: true})
	if c, err := running.Partitions[0].Prefix(t.Context()); err != nil || c.Message != 5 {
		t.Errorf("the log can be read up to message %d: %v", c.Message, err)
	}
}

// Every changed bit is found, wherever it is.
func TestFlips(t *testing.T) {
	s, _ := open(t, store.Options{Dir: t.TempDir(), Partitions: 2})
	write(t, s.Partitions[0], 60)
	write(t, s.Partitions[1], 20)
	note(t, s, "muster.cursors.one")
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file := saved(t, s, Options{KeysFor: []age.Recipient{identity.Recipient()}})
	whole(t, file)
	notices := func(what string, file []byte) {
		_, err := Open(t.Context(), newMemory(file), nil)
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotABackup) && !errors.Is(err, ErrUnknownFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
	places := rand.Perm(len(file))[:200]
	for i := range 600 { // the first header, and the end of the archive
		places = append(places, i, len(file)-1-i)
	}
	for _, place := range places {
		bit := byte(1) << rand.IntN(8)
		file[place] ^= bit
		notices(fmt.Sprintf("bit %d of byte %d", bit, place), file)
		file[place] ^= bit
	}
	for range 50 {
		n := rand.IntN(len(file))
		notices(fmt.Sprintf("cut off after %d bytes", n), file[:n])
	}
	notices("longer", append(bytes.Clone(file), 0))
	notices("twice", append(bytes.Clone(file), file...))
	whole(t, file)
}

// A flipped bit in a part is located.
func TestLocated(t *testing.T) {
	s, _ := open(t, store.Options{Dir: t.TempDir(), Partitions: 1})
	write(t, s.Partitions[0], 50)
	file := saved(t, s, Options{})
	a := whole(t, file)
	p, _ := a.part("log/00/00000001.zst")
	file[p.offset+p.Size/2] ^= 4
	_, err := Open(t.Context(), newMemory(file), nil)
	wanted := fmt.Sprintf("log/00/00000001.zst (bytes %d to %d of the file), which has events 0-1 to 0-%d", p.offset, p.offset+p.Size-1, p.LastEvent)
	if err == nil || !strings.Contains(err.Error(), wanted) {
		t.Errorf("the error is %v, and does not say %q", err, wanted)
	}
}

// A log without any message can be backed up.
func TestEmpty(t *testing.T) {
	dir := t.TempDir()
	_, end := open(t, store.Options{Dir: dir, Partitions: 3})
	running, _ := open(t, store.Options{Dir: dir, ReadOnly: true, Running: true})
	a := whole(t, saved(t, running, Options{}))
	if err := end(); err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := a.Restore(t.Context(), store.Options{Dir: to, Logger: quiet()}, RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	s, _ := open(t, store.Options{Dir: to})
	write(t, s.Partitions[2], 1)
}
