package projections

import (
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections/sqlite"
)

// When the database is full, the error says that it may be tried again. What was applied
// before is still there to be loaded. As soon as there is room the same messages are applied,
// once.
func TestAFullDatabaseIsTriedAgain(t *testing.T) {
	t.Parallel()
	org, ws := orgID(1), wsID(1)
	h := newHistory(4)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1))
	m := h.models(t)
	h.messages = nil
	for user := range 200 { // more than fits into the pages that there are
		h.do(t, introduceMember(org, ws, user+2, domain.RoleEditor))
	}
	writer := m.writer.Conns[0]
	var pages int
	if err := writer.Row([]any{&pages}, "PRAGMA page_count"); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		t.Helper()
		var now int
		if err := writer.Row([]any{&now}, "PRAGMA max_page_count = "+strconv.Itoa(pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages)
	before := m.Checkpoints()
	left := h.messages
	for m.Apply(left[0]) == nil {
		left = left[1:]
	}
	if len(left) == len(h.messages) {
		t.Fatal("nothing could be applied before the database was full")
	}
	for range 3 {
		if err := m.Apply(left[0]); !errors.Is(err, events.ErrTryAgain) {
			t.Fatalf("applying to a full database: %v", err)
		}
		var s domain.State
		if err := m.Load([]domain.Key{domain.MembershipKey(ws, userID(2))}, &s); err == nil && s.Membership(ws, userID(2)) == nil {
			t.Fatal("something was loaded from tables that lack what was applied")
		}
		if diff := cmp.Diff(before, m.Checkpoints()); diff != "" {
			t.Fatalf("something was committed:\n%s", diff)
		}
	}
	limit(1 << 30)
	if err := m.applyAll(left); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h.tips, m.Checkpoints()); diff != "" {
		t.Errorf("checkpoints (-log +read models):\n%s", diff)
	}
	if err := m.applyAll(h.messages); !errors.Is(err, ErrGap) {
		t.Errorf("the messages are applied twice: %v", err)
	}
}

// While somebody else writes to the file, nothing is applied, and that is known soon. Afterwards
// the same messages are applied.
func TestABusyDatabaseIsTriedAgain(t *testing.T) {
	t.Parallel()
	org, ws := orgID(1), wsID(1)
	h := newHistory(4)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1))
	m := h.models(t)
	h.messages = nil
	h.do(t, introduceMember(org, ws, 2, domain.RoleEditor))
	other, err := sqlite.Open(fileOf(t, m), sqlite.Writing, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // nothing was written
	if _, err := other.Conns[0].Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := m.applyAll(h.messages); !errors.Is(err, events.ErrTryAgain) || time.Since(begin) > 3*time.Second {
		t.Errorf("after %s: %v", time.Since(begin), err)
	}
	if _, err := other.Conns[0].Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := m.applyAll(h.messages); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h.tips, m.Checkpoints()); diff != "" {
		t.Errorf("checkpoints (-log +read models):\n%s", diff)
	}
}

// A transaction that was committed although it was reported to have failed is not applied
// again.
func TestACommitThatWasReportedAsFailed(t *testing.T) {
	t.Parallel()
	org, ws := orgID(1), wsID(1)
	h := newHistory(4)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1))
	m := h.models(t)
	h.messages = nil
	h.do(t, introduceMember(org, ws, 2, domain.RoleEditor))
	if err := m.Apply(h.messages[0]); err != nil {
		t.Fatal(err)
	}
	if err := m.projector.finish(m.current); err != nil { // committed, and nothing is known of it
		t.Fatal(err)
	}
	m.projector.lost = true
	h.messages = h.messages[1:]
	h.do(t, introduceMember(org, ws, 3, domain.RoleEditor))
	if err := m.applyAll(h.messages); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h.tips, m.Checkpoints()); diff != "" {
		t.Errorf("checkpoints (-log +read models):\n%s", diff)
	}
}

// When the first that meets damage is what applies messages, that is damage, and nothing that
// passes.
func TestDamageDoesNotPass(t *testing.T) {
	t.Parallel()
	given := closedTables(t)
	o := Options{Dir: given.dir, Partitions: 4}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close() //nolint:errcheck // it may report the damage
	content, err := os.ReadFile(o.file())
	if err != nil {
		t.Fatal(err)
	}
	for at := pageSize + 1000; at < len(content); at += pageSize {
		content[at] ^= 1
	}
	if err := os.WriteFile(o.file(), content, 0o600); err != nil {
		t.Fatal(err)
	}
	h := given.history
	h.messages = nil
	h.do(t, introduceMember(orgID(1), wsID(1<<8), 5_000_000, domain.RoleViewer))
	if err := m.applyAll(h.messages); !errors.Is(err, ErrDamaged) || errors.Is(err, events.ErrTryAgain) {
		t.Errorf("it may be tried again: %v", err)
	}
	if m.Damage() == nil {
		t.Error("damage is not reported")
	}
}
