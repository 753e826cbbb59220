package backup

import (
	"context"
	"errors"
	"fmt"

	"filippo.io/age"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
)

// RestoreOptions say what is restored, and how.
type RestoreOptions struct {
	// Again removes what a restore that was interrupted has left.
	Again bool
	// Identities decrypt the keys. Without them no keys are restored.
	Identities []age.Identity
	// Keys gets the keys, other than the one of webhooks, before the log can be opened. The
	// function each calls use with them. Nil: they are not restored.
	Keys func(ctx context.Context, r *store.Restore, each KeySource) error
	// Progress is called with what is being done, and with how much of how much is done; nil: nobody
	// wants to know.
	Progress func(what string) func(done, of uint64)
}

// Restore makes the log again, in a new data directory or on a server that has no log. Where
// something is already the error wraps [store.ErrNotEmpty]. Everything that was written is read
// again at the end. Until that has succeeded nobody can open the log
// ([store.ErrRestoreUnfinished]).
func (a *Archive) Restore(ctx context.Context, to store.Options, o RestoreOptions) (err error) {
	if o.Progress == nil {
		o.Progress = func(string) func(uint64, uint64) { return nil }
	}
	if o.Identities != nil { // before anything is made
		if err := a.EachKey(ctx, o.Identities, func(Key) error { return nil }); err != nil {
			return err
		}
	}
	r, err := store.OpenRestore(ctx, to, a.Log, a.Ends(), o.Again)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := a.fill(ctx, r, o); err != nil {
		return err
	}
	if err := r.Verify(ctx, o.Progress("verifying what was restored")); err != nil {
		return err
	}
	return r.Finish(ctx)
}

func (a *Archive) fill(ctx context.Context, r *store.Restore, o RestoreOptions) error {
	if o.Identities != nil {
		if err := a.restoreKeys(ctx, r, o); err != nil {
			return err
		}
	}
	notes, err := a.cursors(ctx)
	if err != nil {
		return err
	}
	if err := r.Beside(ctx, subscription.Cursors(), notes); err != nil {
		return err
	}
	show, before, of := o.Progress("restoring the log"), uint64(0), a.Messages()
	for p, end := range a.Ends() {
		var progress func(done, of uint64)
		if show != nil {
			progress = func(done, _ uint64) { show(before+done, of) }
		}
		if err := r.Fill(ctx, p, a.messages(p), progress); err != nil {
			return err
		}
		before += end.Message
	}
	return nil
}

// restoreKeys restores the key of webhooks, and hands over the others.
func (a *Archive) restoreKeys(ctx context.Context, r *store.Restore, o RestoreOptions) error {
	var webhooks []store.Message
	err := a.EachKey(ctx, o.Identities, func(k Key) error {
		if k.Kind == KeyWebhook {
			webhooks = append(webhooks, store.Message{Subject: k.ID, Data: append([]byte(nil), k.Secret...)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.Beside(ctx, subscription.WebhookKeys(), webhooks); err != nil {
		return err
	}
	if o.Keys == nil {
		return nil
	}
	err = o.Keys(ctx, r, func(ctx context.Context, use func(Key) error) error {
		return a.EachKey(ctx, o.Identities, func(k Key) error {
			if k.Kind == KeyWebhook {
				return nil
			}
			return use(k)
		})
	})
	if err != nil {
		return fmt.Errorf("restoring the keys: %w", err)
	}
	return nil
}
