package projections

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// unknown is an event of a type that has no projection.
type unknown struct{ domain.OrganizationCreated }

func (unknown) EventType() string { return "muster.unknown" }

// If a message cannot be applied, nothing of it is. The error names the position, and what was
// applied before stays, whether it is committed or not.
func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	org, ws := orgID(1), wsID(1)
	h := newHistory(4)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1))
	m := h.models(t)
	h.messages = nil
	h.do(t, introduceMember(org, ws, 2, domain.RoleEditor))
	h.do(t, addMember(org, ws, 3, domain.RoleViewer))
	good, next := h.messages[0], h.messages[1]
	if err := m.Apply(next); !errors.Is(err, ErrGap) || !strings.Contains(err.Error(), "partition 1: message 4 with 1 events follows message 2") {
		t.Errorf("a message is missing: %v", err)
	}
	before, err := m.Fingerprint(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Apply(good); err != nil {
		t.Fatal(err)
	}
	// with returns the next message with a change.
	with := func(change func(b *wire.Message)) wire.Message {
		b := next
		b.Entries = append([]wire.Entry(nil), next.Entries...)
		change(&b)
		return b
	}
	for _, c := range []struct {
		name    string
		message wire.Message
		err     error
		says    string
	}{
		{"a message comes twice", good, ErrGap, "message 3 with 2 events follows message 3"},
		{"a message is empty", with(func(b *wire.Message) { b.Entries = nil }), ErrGap, "message 4 with 0 events"},
		{"an event is missing", with(func(b *wire.Message) { b.Entries[0].Number++ }), ErrGap, "message 4: found event 1-9 where 1-8 was expected"},
		{"an event is unknown", with(func(b *wire.Message) { b.Entries[0].Event = unknown{} }), ErrUnknownEvent, "event 1-8: projections.unknown"},
		{"an event is none", with(func(b *wire.Message) { b.Entries[0].Event = nil }), ErrUnknownEvent, "event 1-8"},
		{"a partition is unknown", with(func(b *wire.Message) { b.Partition = 4 }), nil, "message 4 of partition 4: there are 4 partitions"},
		{"a workspace is unknown", with(func(b *wire.Message) {
			b.Entries[0].Event = domain.MemberAdded{About: domain.About{Organization: org, Workspace: wsID(9), User: userID(1)}}
		}), ErrNotFound, "event 1-8: workspace 00090b00-"},
		{"nobody's role changes", with(func(b *wire.Message) {
			b.Entries[0].Event = domain.MemberRoleChanged{About: domain.About{Organization: org, Workspace: ws, User: userID(9)}}
		}), ErrNotFound, "event 1-8"},
		{"something is made twice", with(func(b *wire.Message) {
			b.Entries[0].Event = domain.WorkspaceCreated{About: domain.About{Organization: org, Workspace: ws}, Name: "Again"}
		}), nil, "event 1-8"},
	} {
		err := m.Apply(c.message)
		if err == nil || !errors.Is(err, c.err) && c.err != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %q, want %q", c.name, err, c.says)
		}
		after, err := m.Fingerprint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after); diff != "" || m.Applied(1) != 5 {
			t.Errorf("%s: it was committed up to %d:\n%s", c.name, m.Applied(1), diff)
		}
		var s domain.State
		if err := m.Load([]domain.Key{domain.MembershipKey(ws, userID(2)), domain.MembershipKey(ws, userID(3))}, &s); err != nil ||
			s.Membership(ws, userID(2)) == nil || s.Membership(ws, userID(3)) != nil || m.Loadable(1) != 7 {
			t.Errorf("%s: what was applied before is not there alone: %+v up to %d, %v", c.name, s, m.Loadable(1), err)
		}
	}
	// Nothing of all this is remembered.
	if err := m.applyAll([]wire.Message{next}); err != nil {
		t.Fatal(err)
	}
	if got, err := m.Member(ws, userID(2), later); err != nil || got.Role.Key != domain.RoleEditor {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := m.Member(ws, userID(3), later); err != nil || got.Role.Key != domain.RoleViewer {
		t.Errorf("%+v, %v", got, err)
	}
	if diff := cmp.Diff(h.tips, m.Checkpoints()); diff != "" {
		t.Errorf("checkpoints (-log +read models):\n%s", diff)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	h := newHistory(4)
	dir := t.TempDir()
	o := Options{Dir: dir, Partitions: 4, Metrics: prometheus.NewRegistry()}
	if err := rebuild(o, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	h.do(t, createOrganization(orgID(1), 1))
	h.follow(t, m)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	families, err := o.Metrics.(*prometheus.Registry).Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, f := range families {
		got[f.GetName()] = f.GetMetric()[0].GetCounter().GetValue() + f.GetMetric()[0].GetHistogram().GetSampleSum()
	}
	if got["muster_projection_events_applied_total"] != 3 || got["muster_projection_apply_events"] != 3 || len(got) != 3 {
		t.Errorf("%v", got)
	}
}
