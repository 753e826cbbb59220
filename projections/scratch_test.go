package projections

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// Read models in a scratch directory are those of a service, now and as of the past, and so are
// copies. Copies that lack events are not used, and leave nothing.
func TestScratch(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	org, ws := orgID(1), wsID(1)
	h.do(t, createOrganization(org, 9), createWorkspace(org, ws, 9), addMember(org, ws, 1, domain.RoleEditor))
	then := h.tips[0].Position
	h.do(t, changeRole(org, ws, 1, domain.RoleViewer), removeMember(org, ws, 1))
	each := func(apply func(wire.Message) error) error {
		for _, m := range h.messages {
			if err := apply(m); err != nil {
				return err
			}
		}
		return nil
	}
	kept := Options{Dir: t.TempDir(), Partitions: 1}
	made, err := Scratch(t.Context(), kept, each)
	if err != nil {
		t.Fatal(err)
	}
	check := func(m *ReadModels) {
		t.Helper()
		if got := m.Checkpoints(); !gocmp.Equal(got, h.tips) {
			t.Errorf("got %v, want %v", got, h.tips)
		}
		q, err := m.AsOf(t.Context(), then)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := q.Check(ws, userID(1), later); err != nil || a.Role.Key != domain.RoleEditor {
			t.Errorf("as of %s: %+v, %v", then, a, err)
		}
		if a, err := m.Check(ws, userID(1), later); err != nil || a.Any() {
			t.Errorf("now: %+v, %v", a, err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	check(made)
	o := Options{Dir: t.TempDir(), Partitions: 1}
	copied, err := CopyOf(o, kept.Dir, h.tips[0].Position)
	if err != nil {
		t.Fatal(err)
	}
	check(copied)

	empty := func(name string, o Options) {
		t.Helper()
		if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %v", name, left, err)
		}
	}
	o = Options{Dir: t.TempDir(), Partitions: 1}
	beyond := wire.Position{Number: h.tips[0].Number + 1}
	if _, err := CopyOf(o, kept.Dir, beyond); !errors.Is(err, ErrNeedsRebuild) {
		t.Errorf("read models that lack an event: %v", err)
	}
	empty("read models that lack an event", o)
	if err := os.Remove(filepath.Join(kept.Dir, HistoryFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := CopyOf(o, kept.Dir, then); !errors.Is(err, ErrNeedsRebuild) {
		t.Errorf("without a history: %v", err)
	}
	empty("without a history", o)
	refused := errors.New("refused")
	if _, err := Scratch(context.Background(), o, func(func(wire.Message) error) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("refused: %v", err)
	}
}
