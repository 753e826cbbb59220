package projections

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
)

// Rebuilding 100,000 events twice, and applying them step by step with the partitions
// in another order, makes the same tables.
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
		tables, err := m.Fingerprint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return tables
	}
	first, second, grown := h.models(t), h.models(t), empty(t, 4)
	if err := h.replay(rand.New(rand.NewPCG(1, 1)))(grown.Checkpoints(), grown.applyAll); err != nil {
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

// Opening the read models deletes what an interrupted rebuild has left.
func TestOpenDeletesAnUnfinishedRebuild(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	dir := t.TempDir()
	m := opened(t, dir, h)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	o := Options{Dir: dir, Partitions: 1}
	if err := os.WriteFile(o.unfinished(), []byte("ada@example.com"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close() //nolint:errcheck // nothing was written
	if _, err := os.Stat(o.unfinished()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

// A rebuild replaces the old file and deletes what interrupted rebuilds left behind.
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
	if diff := cmp.Diff([]string{filepath.Join(dir, HistoryFile), filepath.Join(dir, File)}, names); diff != "" || err != nil {
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
	err := rebuild(o, func(after []wire.Checkpoint, apply func([]wire.Message) error) error {
		return errors.Join(apply(h.messages), lost)
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

	if _, err := m.projector.Exec(`UPDATE memberships SET role = 'owner'`); err != nil {
		t.Fatal(err)
	}
	comparisons, err := verify(t.Context(), o, t.TempDir(), h.replay(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		if c.Equal() != (c.Table != "memberships") {
			t.Errorf("%s: %+v", c.Table, c)
		}
	}
	h.messages = h.messages[:2]
	if _, err := verify(t.Context(), o, t.TempDir(), h.replay(nil)); err == nil {
		t.Error("read models that are ahead of the log are not found out")
	}
}

// The whole way: commands through a real log into read models, and rebuilt from it.
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
	go func() { followed <- log.Follow(ctx, m.Checkpoints(), m) }()
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
