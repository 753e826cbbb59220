package projections

import (
	"errors"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// When the database is full, nothing is applied, and the error says that it may be tried
// again. As soon as there is room the same messages are applied, once.
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
	for range 3 {
		if err := m.Apply(h.messages); !errors.Is(err, events.ErrTryAgain) {
			t.Fatalf("applying to a full database: %v", err)
		}
		if diff := cmp.Diff(before, m.Checkpoints()); diff != "" {
			t.Fatalf("something was applied:\n%s", diff)
		}
	}
	limit(1 << 30)
	if err := m.Apply(h.messages); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h.tips, m.Checkpoints()); diff != "" {
		t.Errorf("checkpoints (-log +read models):\n%s", diff)
	}
	if err := m.Apply(h.messages); !errors.Is(err, ErrGap) {
		t.Errorf("the messages are applied twice: %v", err)
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
	if _, err := m.projector.apply(m.current, h.messages); err != nil { // committed, and nothing is known of it
		t.Fatal(err)
	}
	m.projector.unclear = true
	h.do(t, introduceMember(org, ws, 3, domain.RoleEditor))
	if err := m.Apply(h.messages); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h.tips, m.Checkpoints()); diff != "" {
		t.Errorf("checkpoints (-log +read models):\n%s", diff)
	}
}
