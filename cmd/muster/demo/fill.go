package demo

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

// Fill writes the demo's history into the log of a node, if the log is empty or an
// earlier Fill has been interrupted: every step has an idempotency key, so that no step
// is done twice. It leaves a log with other content alone.
func Fill(ctx context.Context, n *node.Node) error {
	empty, err := isEmpty(ctx, n.Log)
	if err != nil {
		return err
	}
	if _, err := n.Models.Organization(organization); errors.Is(err, projections.ErrNotFound) && !empty {
		n.Logger.Warn("the log is not empty: the demo is left out; give --data a new directory to see it")
		return nil
	} else if err != nil && !errors.Is(err, projections.ErrNotFound) {
		return err
	}
	if _, err := os.Stat(filepath.Join(n.Data, file)); err == nil {
		return nil // it is complete, and people may have changed it since
	}
	today := n.Clock.Now().UTC().Truncate(24 * time.Hour)
	defer n.Clock.Set(time.Time{})
	var last events.Result
	for i, s := range story {
		seconds := time.Duration(i*17%60)*time.Second + time.Duration(i*373%1000)*time.Millisecond
		n.Clock.Set(today.AddDate(0, 0, -s.days).Add(time.Duration(s.hour)*time.Hour + time.Duration(s.minute)*time.Minute + seconds))
		if last, err = n.Log.Run(ctx, s.do(s.meta(i))); err != nil {
			return fmt.Errorf("filling the demo, step %d: %w", i+1, err)
		}
	}
	return n.Models.WaitFor(ctx, last.Position) // [Show] reads what was written
}

func isEmpty(ctx context.Context, log *events.Log) (bool, error) {
	tips, err := log.Tips(ctx)
	if err != nil {
		return false, err
	}
	for _, tip := range tips {
		if tip.Number > 0 {
			return false, nil
		}
	}
	return true, nil
}

// meta returns the metadata of the step's command. The ids are always the same.
func (s step) meta(i int) domain.Meta {
	all := domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}
	actor := domain.Actor{Kind: domain.ActorSystem, ID: "root", Credential: all}
	if s.by != "" {
		user := userID(s.by)
		actor = domain.Actor{Kind: domain.ActorUser, ID: user.String(), User: user, Credential: all}
	}
	name := fmt.Sprintf("steps/%d", i)
	return domain.Meta{
		ID: domain.CommandID(idOf(name)), Request: sha256.Sum256([]byte(name)),
		Organization: organization, Actor: actor, Reason: s.reason,
	}
}
