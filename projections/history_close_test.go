package projections

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// A history that is dropped is closed only when nobody wipes it any more, and who wants to wipe
// it afterwards learns that it is closed.
func TestDropWhileWiping(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	file := m.history.file
	file.wiping <- struct{}{}
	p := wire.Position{Partition: h.partition(orgID(1)), Number: 5}
	var wiped, dropped error
	var others sync.WaitGroup
	others.Go(func() { wiped = m.WipeHistory(t.Context(), p) })
	time.Sleep(10 * time.Millisecond) // most likely it waits for the connection by now
	others.Go(func() { dropped = m.history.drop(file, ErrGap) })
	for {
		if _, err := m.history.opened(); err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(10 * time.Millisecond)
	var n int
	if err := file.projector.Row([]any{sqlite.Number(&n)}, `SELECT count(*) FROM people_versions`); err != nil || n == 0 {
		t.Errorf("the connection that is being used: %d versions, %v", n, err)
	}
	<-file.wiping
	others.Wait()
	if dropped != nil || wiped != nil && !errors.Is(wiped, ErrClosed) {
		t.Errorf("dropping: %v; wiping: %v", dropped, wiped)
	}
	if err := file.intact(); !errors.Is(err, ErrClosed) || !errors.Is(err, ErrGap) {
		t.Errorf("a file that is closed: %v", err)
	}
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Errorf("after it was dropped: %v", err)
	}
}

// Profiles are wiped from the history too, whether somebody has begun to apply to it or not.
func TestWipeWaitsForTheHistory(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	p := wire.Position{Partition: h.partition(orgID(1)), Number: 5}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.WipeHistory(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("a history that has applied nothing: %v", err)
	}
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	if err := m.WipeHistory(t.Context(), p); err != nil {
		t.Error(err)
	}
}

// Commits after an erasure do not wait for those who read. [ReadModels.Wipe] does.
func TestCommitsDoNotWaitToWipe(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	begun := time.Now()
	if err := m.listTogether(t.Context(), func(c conn) error {
		var n int
		if err := c.Row([]any{sqlite.Number(&n)}, `SELECT count(*) FROM people`); err != nil {
			return err
		}
		for range 40 {
			h.do(t, domain.SetProfile{Meta: root(orgID(1)), User: userID(3), Profile: profile(int(h.tips[1].Number)).Patch()}) //nolint:gosec // small
			if err := h.replay(nil)(m.Checkpoints(), m.applyAll); err != nil {
				return err
			}
			m.projector.erased = true
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 20*shrinkTimeout*time.Millisecond {
		t.Errorf("40 commits took %s", took)
	}
	if err := m.Commit(); err != nil || m.projector.erased {
		t.Errorf("nobody reads any more, and it is not wiped: %v", err)
	}
}

// A connection that could not be made to show a moment does not count as one that shows it.
func TestShowAfterAFailure(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	q, file, err := m.history.asOf(t.Context(), h.tips[1].Position)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.list(t.Context(), func(c conn) error {
		if err := c.Script(`DELETE FROM temp.as_of`); err != nil {
			return err
		}
		if err := file.show(c, 5); !errors.Is(err, ErrNotFound) {
			t.Errorf("there is nothing to change: %v", err)
		}
		var number int
		return errors.Join(c.Script(`INSERT INTO temp.as_of VALUES (1)`), file.show(c, 5), c.Row([]any{sqlite.Number(&number)}, `SELECT number FROM temp.as_of WHERE number = 5`))
	}); err != nil {
		t.Errorf("showing it afterwards: %v", err)
	}
}
