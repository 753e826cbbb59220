package projections

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// The same 100,000 events, rebuilt twice and applied step by step in another
// order of the partitions, are the same tables.
func TestRebuildsAreEqual(t *testing.T) {
	t.Parallel()
	h := largeHistory(4, 25, 500)
	var count uint64
	for _, tip := range h.tips {
		count += tip.Number
	}
	if count < 100_000 {
		t.Fatalf("only %d events", count)
	}
	fingerprint := func(m *ReadModels) map[string]domain.Hash {
		t.Helper()
		tables, err := m.Fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		return tables
	}
	first, second, grown := h.models(t), h.models(t), empty(t, 4)
	if err := h.replay(rand.New(rand.NewPCG(1, 1)))(grown.Checkpoints(), grown.Apply); err != nil {
		t.Fatal(err)
	}
	want := fingerprint(first)
	if diff := cmp.Diff(want, fingerprint(second)); diff != "" {
		t.Errorf("rebuilt twice:\n%s", diff)
	}
	if diff := cmp.Diff(want, fingerprint(grown)); diff != "" {
		t.Errorf("grown:\n%s", diff)
	}
	if diff := cmp.Diff(h.tips, first.Checkpoints()); diff != "" {
		t.Errorf("checkpoints:\n%s", diff)
	}
}

// A rebuild replaces what is there and cleans up what others left behind.
func TestRebuildReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := Options{Dir: dir, Partitions: 4}
	h := newHistory(4)
	h.do(t, createOrganization(orgID(1), 1))
	for _, name := range []string{File + ".new", File + ".new-journal", File + "-wal", File + "-shm"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("left behind"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := rebuild(o, h.replay(nil)); err != nil {
			t.Fatal(err)
		}
		m, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Organization(orgID(1)); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if diff := cmp.Diff([]string{filepath.Join(dir, File)}, names); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A rebuild that fails leaves the old read models as they are, and nothing else.
func TestRebuildFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := Options{Dir: dir, Partitions: 4}
	h := newHistory(4)
	h.do(t, createOrganization(orgID(1), 1))
	if err := rebuild(o, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	h.do(t, createOrganization(orgID(2), 1))
	lost := errors.New("the log is gone")
	err := rebuild(o, func(after []events.Checkpoint, apply func([]events.Batch) error) error {
		return errors.Join(apply(h.batches), lost)
	})
	if !errors.Is(err, lost) {
		t.Fatal(err)
	}
	requireWhole(t, o, h)
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if diff := cmp.Diff([]string{filepath.Join(dir, File)}, names); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestVerifyFindsChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := Options{Dir: dir, Partitions: 4}
	h := newHistory(4)
	h.do(t, createOrganization(orgID(1), 1), createWorkspace(orgID(1), wsID(1), 1))
	m := opened(t, dir, h)
	// Read models that are behind the log are compared as far as they are.
	h.do(t, introduceMember(orgID(1), wsID(1), 2, domain.RoleEditor))
	requireWhole(t, o, h)
	h.follow(t, m)
	requireWhole(t, o, h)

	if _, err := m.projector.exec(`UPDATE memberships SET role = 'owner'`); err != nil {
		t.Fatal(err)
	}
	comparisons, err := verify(o, t.TempDir(), h.replay(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		if c.Equal() != (c.Table != "memberships") {
			t.Errorf("%s: %+v", c.Table, c)
		}
	}
	h.batches = h.batches[:2]
	if _, err := verify(o, t.TempDir(), h.replay(nil)); err == nil {
		t.Error("read models that are ahead of the log are not found out")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	h := newHistory(4)
	h.do(t, createOrganization(orgID(1), 1))
	script := func(text string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			db, conns, err := connect(filepath.Join(dir, File), "rwc", 1, text)
			if err != nil {
				t.Fatal(err)
			}
			if err := closeAll(db, conns); err != nil {
				t.Fatal(err)
			}
		}
	}
	made := func(more func(t *testing.T, dir string)) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := rebuild(Options{Dir: dir, Partitions: 4}, h.replay(nil)); err != nil {
				t.Fatal(err)
			}
			more(t, dir)
		}
	}
	write := func(content string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, File), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name       string
		given      func(t *testing.T, dir string)
		partitions int
		err        error
	}{
		{"no file", func(*testing.T, string) {}, 4, ErrNeedsRebuild},
		{"an empty file", write(""), 4, ErrNeedsRebuild},
		{"another schema", made(script(fmt.Sprintf("PRAGMA user_version = %d", schemaNumber+1))), 4, ErrNeedsRebuild},
		{"other partitions", made(func(*testing.T, string) {}), 8, ErrNeedsRebuild},
		{"another program's database", script("CREATE TABLE photos (id INTEGER)"), 4, ErrForeignFile},
		{"no database", write("Dear diary, this is not a database, and longer than its header is."), 4, ErrForeignFile},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Dir: t.TempDir(), Partitions: c.partitions}
			c.given(t, o.Dir)
			if _, err := Open(o); !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			h := newHistory(c.partitions)
			switch err := rebuild(o, h.replay(nil)); {
			case errors.Is(c.err, ErrNeedsRebuild) && err != nil:
				t.Errorf("rebuilding: %v", err)
			case errors.Is(c.err, ErrForeignFile) && !errors.Is(err, ErrForeignFile):
				t.Errorf("a rebuild writes over it: %v", err)
			}
		})
	}
	for _, partitions := range []int{0, MaxPartitions + 1} {
		if _, err := Open(Options{Dir: t.TempDir(), Partitions: partitions}); err == nil {
			t.Errorf("%d partitions: no error", partitions)
		}
	}
}

// The whole way: commands through a real log into read models, and rebuilt from
// it.
// Nobody but the owner reads the files, whatever mode they had before.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	h := newHistory(4)
	h.do(t, createOrganization(orgID(1), 1))
	o := Options{Dir: t.TempDir(), Partitions: 4}
	if err := rebuild(o, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	private := func() {
		t.Helper()
		files, err := os.ReadDir(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s is %v, %v", f.Name(), info.Mode(), err)
			}
		}
	}
	private()
	if err := os.Chmod(filepath.Join(o.Dir, File), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	private() // and what SQLite has put beside it
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFollowsLog(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log, err := events.Open(ctx, events.Options{Dir: t.TempDir(), Partitions: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}()
	o := Options{Dir: t.TempDir(), Partitions: 4}
	if err := Rebuild(ctx, log, o, nil); err != nil {
		t.Fatal(err)
	}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}()
	followed := make(chan error, 1)
	go func() { followed <- log.Follow(ctx, m.Checkpoints(), m.Apply) }()
	if err := log.Start(ctx, m); err != nil {
		t.Fatal(err)
	}
	ws := wsID(1)
	for n := 1; n <= 6; n++ {
		org := orgID(n)
		for _, c := range []domain.Command{
			createOrganization(org, 1), createWorkspace(org, wsID(n), 1),
			introduceMember(org, wsID(n), 2, domain.RoleEditor), putOrganizationMember(org, 2, domain.OrganizationAdmin),
		} {
			r, err := log.Run(ctx, c)
			if err != nil {
				t.Fatalf("%s: %v", c.CommandType(), err)
			}
			if err := m.WaitFor(ctx, r.Position); err != nil {
				t.Fatal(err)
			}
		}
	}
	if access, err := m.Check(ws, userID(2), later); err != nil || len(access.Grants) != 2 || access.Role.Key != domain.RoleAdmin {
		t.Errorf("%+v, %v", access, err)
	}
	comparisons, err := Verify(ctx, log, o, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		if !c.Equal() {
			t.Errorf("table %s is not what the log says", c.Table)
		}
	}
	cancel()
	if err := <-followed; err != nil {
		t.Error(err)
	}
}
