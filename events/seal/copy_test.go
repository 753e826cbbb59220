package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
	"github.com/muster-dev/muster/events/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	acme    = domain.OrganizationID{1}
	quiet   = slog.New(slog.DiscardHandler)
	started = time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC)
)

// canaries are the personal data in the old log.
var canaries = []string{"ada@canary.example", "Adacanary", "Lovecanary", "avatar-canary.png", "ben@canary.example"}

// old is a log of an earlier version that is being written.
type old struct {
	t   testing.TB
	log *store.Store
	ids wire.EventIDs
	at  map[int]wire.Checkpoint
	n   byte // counts commands
}

// message appends a message with one command for each list of events.
func (o *old) message(partition int, commands ...[]domain.Event) {
	o.t.Helper()
	at := o.at[partition]
	at.Partition = partition
	var payload []byte
	number := at.Number
	for _, events := range commands {
		o.n++
		for _, e := range events {
			number++
			r := domain.Recorded{
				ID: o.ids.Next(started), Event: e, Number: number, Time: started, Reason: "a reason", Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"},
				Command: domain.CommandID{o.n}, Request: domain.Hash{o.n % 2, o.n % 2 * o.n}, // every second one has a hash
			}
			var err error
			if payload, err = wire.Append(payload, partition, &r); err != nil {
				o.t.Fatal(err)
			}
		}
	}
	e := wire.Next(at, "an earlier version", append(payload, ']'))
	if err := o.log.Partitions[partition].Append(o.t.Context(), e); err != nil {
		o.t.Fatal(err)
	}
	at.Number, at.Message, at.Hash = number, e.Sequence, e.Link()
	o.at[partition] = at
}

func about(user byte) domain.About {
	return domain.About{Organization: acme, User: domain.UserID{user}}
}

func inClear(user byte, email, first, last, avatar string) domain.Event {
	return domain.UserProfileSet{About: about(user), Profile: domain.ProfileFacts{Email: email, Name: domain.PersonName{First: first, Last: last}, AvatarURL: avatar}}
}

func workspace(n int) domain.Event {
	return domain.WorkspaceCreated{About: domain.About{Organization: acme, Workspace: domain.WorkspaceID{byte(n), byte(n >> 8)}}, Name: fmt.Sprint("Workspace ", n)}
}

// write writes a log of an earlier version.
func write(t testing.TB, dir string, more func(*old)) {
	t.Helper()
	writeTo(t, store.Options{Dir: dir}, more)
	if err := os.WriteFile(filepath.Join(dir, "root-token"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeTo writes such a log to a directory or to a server.
func writeTo(t testing.TB, place store.Options, more func(*old)) {
	t.Helper()
	place.Partitions, place.Logger = 2, quiet
	s, err := store.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	o := &old{t: t, log: s, at: make(map[int]wire.Checkpoint)}
	o.message(0, []domain.Event{workspace(0), inClear(1, "ada@canary.example", "Adacanary", "Lovecanary", "avatar-canary.png")}, []domain.Event{workspace(1)})
	o.message(0, []domain.Event{inClear(2, "ben@canary.example", "", "", "")}, []domain.Event{workspace(2)})
	o.message(1, []domain.Event{inClear(1, "ada@canary.example", "Ada", "Lovecanary", "")})
	for n := range 40 {
		var large []domain.Event
		for i := range 50 {
			large = append(large, workspace(10+50*n+i))
		}
		o.message(1, large)
	}
	o.message(0, []domain.Event{inClear(1, "ada@canary.example", "Ada", "", "")})
	if more != nil {
		more(o)
	}
	for _, config := range []jetstream.StreamConfig{store.Keys, subscription.Cursors()} {
		if _, err := s.Beside(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		if _, err := s.JS.Publish(t.Context(), strings.Replace(config.Subjects[0], "*", "one", 1), []byte("beside "+config.Name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// search returns the files below the directory that have a text.
func search(t testing.TB, dir string, texts ...string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(content, []byte(text)) {
				found = append(found, text+" in "+path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// read opens a log for reading.
func read(t testing.TB, dir string) *log {
	t.Helper()
	l, err := openLog(t.Context(), store.Options{Dir: dir, ReadOnly: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.close() })
	return l
}

func TestCopyHasNothingInTheClear(t *testing.T) {
	dir, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	write(t, dir, nil)
	if found := search(t, dir, canaries...); len(found) < len(canaries) {
		t.Fatalf("the log has only %v, so that the search proves nothing", found)
	}
	r, err := Copy(t.Context(), Options{From: store.Options{Dir: dir, ReadOnly: true, Logger: quiet}, To: to, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Result{Events: 2007, Sealed: 4, People: 2}); r.Events != want.Events || r.Sealed != want.Sealed || r.People != want.People || r.Requests == 0 {
		t.Errorf("copied %+v, not %+v", r, want)
	}
	if found := search(t, to, canaries...); len(found) > 0 {
		t.Error(found)
	}
	if found := search(t, to, "beside MUSTER_KEYS", "beside MUSTER_CURSORS", "secret"); len(found) < 3 {
		t.Errorf("of what is beside the log the copy has %v", found)
	}
	l := read(t, to)
	for i, end := range l.ends {
		if want := []uint64{6, 2001}[i]; end.Number != want || end.Message > 10 {
			t.Errorf("partition %d ends with event %d, not %d, and has %d messages", i, end.Number, want, end.Message)
		}
	}
	if info, err := os.Stat(filepath.Join(to, "root-token")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the root token: %v, %v", info.Mode(), err)
	}

	// So that Ada can be erased, one key seals all that is written about her.
	keys := make(map[personal.KeyID]bool)
	err = l.each(t.Context(), func(_ int, e *wire.Entry) error {
		if set, ok := e.Event.(domain.UserProfileSet); ok && set.User == (domain.UserID{1}) {
			keys[set.Sealed.Key] = true
		}
		return nil
	})
	if err != nil || len(keys) != 1 {
		t.Errorf("Ada has %d keys, %v", len(keys), err)
	}
}

func TestCopyReplacesNothing(t *testing.T) {
	dir, parent := t.TempDir(), t.TempDir()
	write(t, dir, nil)
	o := Options{From: store.Options{Dir: dir, ReadOnly: true, Logger: quiet}, To: filepath.Join(parent, "copy"), Logger: quiet}
	if err := os.Mkdir(o.To, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Copy(t.Context(), o); !errors.Is(err, ErrExists) {
		t.Errorf("into an empty directory: %v", err)
	}
	o.To = filepath.Join(parent, "other")
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(string) (func(uint64, uint64), func()) { return func(uint64, uint64) {}, cancel } // when the log was surveyed
	if _, err := Copy(ctx, o); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), o.To+unfinished) {
		t.Errorf("interrupted: %v", err)
	}
	o.Progress = nil
	if _, err := os.Stat(o.To); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an interrupted copy is there: %v", err)
	}
	if _, err := Copy(t.Context(), o); !errors.Is(err, ErrExists) {
		t.Errorf("again: %v", err)
	}
	if err := os.RemoveAll(o.To + unfinished); err != nil {
		t.Fatal(err)
	}
	if _, err := Copy(t.Context(), o); err != nil {
		t.Error(err)
	}
}

// Profiles that are sealed already stay as they are. Profiles in the clear get the person's key, or
// one that nobody has if that was destroyed.
func TestMixedLog(t *testing.T) {
	dir, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	people, err := personal.Open(t.Context(), personal.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var keys []personal.Key
	for range 2 {
		key, err := people.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if err := people.Destroy(t.Context(), keys[1].ID()); err != nil {
		t.Fatal(err)
	}
	hash := people.RequestHash(nil)
	if err := people.Close(); err != nil {
		t.Fatal(err)
	}
	sealed := func(user byte, key personal.Key) domain.Event {
		return domain.UserProfileSet{About: about(user), Sealed: domain.SealedProfile{Key: key.ID(), Text: "c2VhbGVkIQ=="}}
	}
	write(t, dir, func(o *old) {
		o.message(0, []domain.Event{sealed(1, keys[0]), sealed(2, keys[1])})
		o.message(0, []domain.Event{inClear(3, "cleo@canary.example", "", "", "")})
	})
	if _, err := Copy(t.Context(), Options{From: store.Options{Dir: dir, ReadOnly: true, Logger: quiet}, To: to, Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	if found := search(t, to, append(canaries, "cleo@canary.example")...); len(found) > 0 {
		t.Error(found)
	}
	l, c := read(t, to), copier{}
	c.to = l
	if l.people.RequestHash(nil) != hash {
		t.Error("the secret for requests was not copied")
	}
	users := make(map[byte]int)
	err = l.each(t.Context(), func(_ int, e *wire.Entry) error {
		set, ok := e.Event.(domain.UserProfileSet)
		if !ok || set.Sealed.Text == "c2VhbGVkIQ==" {
			return nil
		}
		user := set.User[0]
		users[user]++
		profile, err := c.opened(t.Context(), e.ID, set)
		switch {
		case user == 1 && (set.Sealed.Key != keys[0].ID() || err != nil || profile.Email != "ada@canary.example"),
			user == 2 && (set.Sealed.Key != keys[1].ID() || !errors.Is(err, personal.ErrErased)),
			user == 3 && (err != nil || profile.Email != "cleo@canary.example"):
			t.Errorf("user %d: %v, %v, %v", user, set.Sealed.Key, profile, err)
		}
		return nil
	})
	if err != nil || users[1] != 3 || users[2] != 1 || users[3] != 1 {
		t.Errorf("%v, %v", users, err)
	}
}
