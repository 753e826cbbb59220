package events

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// blocked keeps the read models from applying anything until release is called, or until the
// test ends. What came before has been applied.
func blocked(t testing.TB, n *node) (release func()) {
	t.Helper()
	tips, err := n.Tips(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tip := range tips {
		if err := n.fold.WaitFor(t.Context(), tip); err != nil {
			t.Fatal(err)
		}
	}
	ctx, release := context.WithCancel(context.Background())
	t.Cleanup(release)
	n.fold.refusing(func(wire.Message) error {
		<-ctx.Done()
		return nil
	})
	return release
}

// A caller is answered before the read models show what it did, and whoever depends on that
// can wait for it.
func TestAcknowledgedBeforeItIsShown(t *testing.T) {
	sorts := []Sort{AllEvents, Withdrawals, TokenEvents}
	for name, c := range map[string]struct {
		command func(a tenant, member domain.UserID) domain.Command
		sort    Sort // besides all events
	}{
		"a member is added": {func(a tenant, _ domain.UserID) domain.Command { return a.add() }, AllEvents},
		"a member is removed": {func(a tenant, u domain.UserID) domain.Command {
			return domain.RemoveMember{Meta: root(a.org), Workspace: a.ws, User: u}
		}, Withdrawals},
		"a user is suspended": {func(a tenant, u domain.UserID) domain.Command {
			return domain.SuspendOrganizationMember{Meta: root(a.org), User: u}
		}, Withdrawals},
		"a token is issued": {func(a tenant, _ domain.UserID) domain.Command {
			return domain.IssueToken{Meta: root(a.org), Token: domain.TokenFacts{ID: domain.TokenID(uuid.New()), Name: "x", Secret: domain.Hash{1}, Scopes: domain.Scopes{domain.ScopeAll}}}
		}, TokenEvents},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, Options{Dir: t.TempDir(), Partitions: 2})
			a, b := apart(t, n)
			member := a.add()
			must(t, n, member)
			release := blocked(t, n)
			done := must(t, n, c.command(a, member.User))
			for _, s := range sorts {
				shown := s != AllEvents && s != c.sort
				for org, want := range map[domain.OrganizationID]bool{a.org: shown, {}: shown, b.org: true} {
					if got := n.Shown(s, org); got != want {
						t.Errorf("sort %d in %s is shown: %t", s, org, got)
					}
				}
			}
			late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if err := n.AwaitShown(late, c.sort, a.org); !errors.Is(err, ErrBehind) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("waiting in vain: %v", err)
			}
			if err := n.AwaitShown(t.Context(), c.sort, b.org); err != nil {
				t.Error(err)
			}
			release()
			for _, org := range []domain.OrganizationID{a.org, {}} {
				if err := n.AwaitShown(t.Context(), c.sort, org); err != nil || !n.Shown(c.sort, org) || n.fold.Applied(done.Position.Partition) < done.Position.Number {
					t.Errorf("%s: %v", org, err)
				}
			}
		})
	}
}

// Commands wait when the read models are too far behind, and no command is refused for that.
func TestCommandsWaitForSlowReadModels(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	a := found(t, n)
	release := blocked(t, n)
	batch := func() domain.Command {
		b := domain.Batch{Meta: root(a.org), Workspace: a.ws, Atomic: true}
		for range domain.MaxOperations {
			b.Operations = append(b.Operations, a.add())
		}
		return b
	}
	before := n.fold.Applied(0)
	for n.tip() <= before+maxBehind {
		must(t, n, batch())
	}
	answered := make(chan error, 1)
	go func() {
		_, err := n.Run(context.Background(), a.add())
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Errorf("a command was answered with %d events not applied: %v", n.tip()-before, err)
	case <-time.After(200 * time.Millisecond):
	}
	release()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// tip returns the number of the last event that was acknowledged in partition 0.
func (n *node) tip() uint64 {
	return n.partitions[0].writer.acknowledged[AllEvents][everywhere].Load()
}

// Usually a reader only looks, which costs next to nothing.
func BenchmarkShown(b *testing.B) {
	n := start(b, Options{Dir: b.TempDir(), Partitions: 4})
	a := found(b, n)
	if err := n.AwaitShown(b.Context(), AllEvents, a.org); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !n.Shown(AllEvents, a.org) {
			b.Fatal("it is not shown")
		}
	}
}
