package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

const (
	// expireAtOnce is how many ends are written down between two looks at the clock.
	expireAtOnce = 100
	// expireAgain is how long an end waits that could not be written down.
	expireAgain = time.Second
)

// expire writes down memberships and invitations that come to their end, until the
// context does. What has ended gives no access from its instant on, written down or
// not. Every node does this; the first one's event stands, and for the others
// nothing is left to change.
func (n *node) expire(ctx context.Context) {
	for {
		end, moved := n.models.NextEnd()
		var due <-chan time.Time
		if !end.IsZero() {
			due = time.After(end.Sub(n.clock.now()))
		}
		select {
		case <-ctx.Done():
			return
		case <-moved:
			continue
		case <-due:
		}
		if err := n.expireEnded(ctx); err != nil && ctx.Err() == nil {
			n.logger.Warn("what has ended could not be written down; trying again", slog.Any("error", err))
			select {
			case <-ctx.Done():
				return
			case <-time.After(expireAgain):
			}
		}
	}
}

func (n *node) expireEnded(ctx context.Context) error {
	ended, err := n.models.Ended(n.clock.now(), expireAtOnce)
	if err != nil {
		return err
	}
	for _, end := range ended {
		result, err := n.log.Run(ctx, expiryOf(end))
		if err != nil {
			return err
		}
		// The read models must have it before they are asked what is next.
		if err := n.models.WaitFor(ctx, result.Position); err != nil {
			return err
		}
	}
	return nil
}

func expiryOf(end projections.End) domain.ExpireMember {
	return domain.ExpireMember{
		Meta: domain.Meta{
			ID: newID[domain.CommandID](), Organization: end.Organization,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "muster"},
		},
		Workspace: end.Workspace, User: end.User,
	}
}
