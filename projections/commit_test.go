package projections

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// uncommitted applies a member to read models, and commits nothing.
func uncommitted(t *testing.T) (h *history, m *ReadModels, before []wire.Checkpoint) {
	t.Helper()
	h = newHistory(4)
	h.do(t, createOrganization(orgID(1), 1), createWorkspace(orgID(1), wsID(1), 1))
	m = h.models(t)
	before = m.Checkpoints()
	h.do(t, introduceMember(orgID(1), wsID(1), 2, domain.RoleEditor))
	if err := m.Apply(h.messages[len(h.messages)-1]); err != nil {
		t.Fatal(err)
	}
	return h, m, before
}

func loads(m *ReadModels, user int) bool {
	var s domain.State
	err := m.Load([]domain.Key{domain.MembershipKey(wsID(1), userID(user)), domain.WorkspaceKey(wsID(1))}, &s)
	return err == nil && s.Membership(wsID(1), userID(user)) != nil
}

// What has been applied can be loaded at once. Queries see it when it is committed.
func TestCommit(t *testing.T) {
	t.Parallel()
	h, m, before := uncommitted(t)
	tip := h.tips[1].Position
	if _, err := m.Member(wsID(1), userID(2), later); !errors.Is(err, ErrNotFound) {
		t.Errorf("a query sees it: %v", err)
	}
	if diff := cmp.Diff(before, m.Checkpoints()); diff != "" || m.Applied(1) != before[1].Number {
		t.Errorf("it counts as committed: %s", diff)
	}
	if err := m.WaitLoadable(t.Context(), tip); err != nil || m.Loadable(1) != tip.Number || !loads(m, 2) {
		t.Errorf("it cannot be loaded: %v", err)
	}
	if err := m.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Member(wsID(1), userID(2), later); err != nil || m.Applied(1) != tip.Number || m.Loadable(1) != tip.Number {
		t.Errorf("committed up to %d: %v", m.Applied(1), err)
	}
	if err := m.Commit(); err != nil {
		t.Errorf("nothing is left to commit: %v", err)
	}
}

// A commit is asked for when somebody waits for what has been applied, and only then.
func TestCommitsAreWanted(t *testing.T) {
	t.Parallel()
	h, m, _ := uncommitted(t)
	asked := func() bool {
		select {
		case <-m.Wanted():
			return true
		case <-time.After(10 * time.Millisecond):
			return false
		}
	}
	if asked() {
		t.Error("nobody waits")
	}
	for _, p := range []wire.Position{h.tips[1].Position, {Partition: 1, Number: h.tips[1].Number + 2}} {
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error, 1)
		go func() { waited <- m.WaitFor(ctx, p) }()
		if there := p.Number <= m.Loadable(1); asked() != there {
			t.Errorf("%s has been applied: %t", p, there)
		}
		cancel()
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("waiting: %v", err)
		}
	}
	// Who waits before it is applied is noticed, too.
	waited, next := make(chan error, 1), wire.Position{Partition: 1, Number: h.tips[1].Number + 1}
	go func() { waited <- m.WaitFor(t.Context(), next) }()
	if asked() {
		t.Error("it has not been applied")
	}
	h.do(t, addMember(orgID(1), wsID(1), 3, domain.RoleViewer))
	if err := m.Apply(h.messages[len(h.messages)-1]); err != nil || !asked() {
		t.Errorf("nothing is asked for: %v", err)
	}
	if err := errors.Join(m.Commit(), <-waited); err != nil {
		t.Error(err)
	}
}

// A kill takes what is not committed. The log still has it.
func TestAKillBeforeACommit(t *testing.T) {
	t.Parallel()
	h, m, before := uncommitted(t)
	o := Options{Dir: t.TempDir(), Partitions: 4}
	for _, end := range []string{"", "-wal", "-shm"} {
		copyTo(t, fileOf(t, m)+end, filepath.Join(o.Dir, File+end))
	}
	again, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, again.Checkpoints()); diff != "" {
		t.Errorf("after a kill: %s", diff)
	}
	h.follow(t, again)
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	requireWhole(t, o, h)
}

func TestCloseCommits(t *testing.T) {
	t.Parallel()
	h, m, _ := uncommitted(t)
	o := Options{Dir: filepath.Dir(fileOf(t, m)), Partitions: 4}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close() //nolint:errcheck // only read
	if diff := cmp.Diff(h.tips, again.Checkpoints()); diff != "" {
		t.Errorf("after Close: %s", diff)
	}
}

// When a failure has ended the transaction, what was in it can still be loaded, and is
// committed later.
func TestATransactionThatIsLost(t *testing.T) {
	t.Parallel()
	h, m, before := uncommitted(t)
	if _, err := m.projector.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	m.projector.lost = true
	if diff := cmp.Diff(before, m.Checkpoints()); diff != "" || !loads(m, 2) {
		t.Errorf("after a failure: %s", diff)
	}
	if err := m.Commit(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h.tips, m.Checkpoints()); diff != "" {
		t.Errorf("checkpoints (-log +read models):\n%s", diff)
	}
	requireWhole(t, Options{Dir: filepath.Dir(fileOf(t, m)), Partitions: 4}, h)
}
