package projections

import (
	"errors"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// twoPartitions returns a log with an organization in each of two partitions, and an empty history.
func twoPartitions(t *testing.T) (*history, *History) {
	t.Helper()
	h := newHistory(2)
	for n := range 2 {
		h.do(t, createOrganization(orgID(n), 1), createWorkspace(orgID(n), wsID(n), 1), introduceMember(orgID(n), wsID(n), 2, domain.RoleEditor))
	}
	past := openHistory(Options{Dir: t.TempDir(), Partitions: 2})
	t.Cleanup(func() { _ = past.close() })
	return h, past
}

// requireHistory demands that the history's file has all of the log, and what a fresh replay makes
// of it. It closes the history and opens it again.
func (h *history) requireHistory(t *testing.T, past *History) {
	t.Helper()
	if err := past.file.close(ErrClosed); err != nil {
		t.Fatal(err)
	}
	past.reopen()
	if past.cause != nil {
		t.Fatal(past.cause)
	}
	if diff := gocmp.Diff(h.tips, past.file.projector.checkpoints); diff != "" {
		t.Errorf("the checkpoints of the file (-log +history):\n%s", diff)
	}
	comparisons, err := verifyHistory(t.Context(), past.options, t.TempDir(), h.replay(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		if !c.Equal() {
			t.Errorf("%s differs from a fresh replay", c.Table)
		}
	}
}

// goOn demands that the history goes on: with what the log has now, and with what comes.
func (h *history) goOn(t *testing.T, past *History) {
	t.Helper()
	for n := range 2 {
		if err := past.catchUp(t.Context(), h.replay(nil)); err != nil {
			t.Fatal(err)
		}
		h.requireHistory(t, past)
		h.do(t, introduceMember(orgID(n), wsID(n), 3, domain.RoleViewer))
	}
}

var errReplay = errors.New("the log cannot be read")

// What was applied before the log cannot be read any more is committed, with its checkpoints.
func TestHistoryWhenTheReplayFails(t *testing.T) {
	t.Parallel()
	h, past := twoPartitions(t)
	err := past.catchUp(t.Context(), func(after []wire.Checkpoint, apply func([]wire.Message) error) error {
		return errors.Join(h.replay(nil)(after, func(messages []wire.Message) error { return apply(messages[:4]) }), errReplay)
	})
	if !errors.Is(err, errReplay) {
		t.Errorf("a replay that fails: %v", err)
	}
	if got := past.partitions[0].number.Load(); got == 0 {
		t.Error("nothing was committed")
	}
	h.goOn(t, past)
}

// A commit that fails loses neither rows nor checkpoints.
func TestHistoryWhenACommitFails(t *testing.T) {
	t.Parallel()
	h, past := twoPartitions(t)
	c := past.file.projector.conn
	// What the constraint demands is looked at by COMMIT.
	if err := c.Script(`PRAGMA foreign_keys = ON; CREATE TABLE made (key INTEGER PRIMARY KEY); CREATE TABLE found (key REFERENCES made DEFERRABLE INITIALLY DEFERRED);`); err != nil {
		t.Fatal(err)
	}
	if err := past.catchUp(t.Context(), func(after []wire.Checkpoint, apply func([]wire.Message) error) error {
		return errors.Join(h.replay(nil)(after, apply), c.Script(`INSERT INTO found VALUES (1)`))
	}); err == nil {
		t.Error("the commit did not fail")
	}
	if got := past.partitions[0].number.Load(); got != 0 {
		t.Errorf("event %d counts as committed", got)
	}
	h.do(t, introduceMember(orgID(0), wsID(0), 4, domain.RoleViewer))
	h.goOn(t, past)
}

// A message that cannot be applied leaves the past of its own partition behind, and no other.
func TestHistoryWithABadPartition(t *testing.T) {
	t.Parallel()
	h, past := twoPartitions(t)
	bad := func(after []wire.Checkpoint, apply func([]wire.Message) error) error {
		return h.replay(nil)(after, func(messages []wire.Message) error {
			messages = slices.Clone(messages)
			for i := range messages {
				if m := &messages[i]; m.Partition == 0 && m.Sequence == 2 {
					m.Entries = slices.Clone(m.Entries)
					m.Entries[0].Event = unknown{}
				}
			}
			return apply(messages)
		})
	}
	for n := range 2 {
		if err := past.catchUp(t.Context(), bad); !errors.Is(err, ErrUnknownEvent) {
			t.Errorf("an unknown event: %v", err)
		}
		if first, second := past.partitions[0].number.Load(), past.partitions[1].number.Load(); first != h.messages[0].Last() || second != h.tips[1].Number {
			t.Errorf("applied up to %d and %d", first, second)
		}
		h.do(t, introduceMember(orgID(1), wsID(1), 5+n, domain.RoleViewer))
	}
	h.goOn(t, past)
}
