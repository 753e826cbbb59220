package projections

import (
	"context"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

func (p *projector) subscriptionCreated(e domain.SubscriptionCreated, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	p.subscriptions = append(p.subscriptions, e.Subscription.ID)
	at, c := r.Time.UnixMilli(), &e.Subscription
	start := e.From
	if start == 0 {
		start = r.Number + 1
	}
	_, err = p.Exec(`
		INSERT INTO subscriptions (key, id, organization, kind, secret, generation, start, cursor_set, epoch,
			name, types, workspace, url, include, batch, created_at, updated_at, version)
		VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		key, c.ID[:], organization, string(c.Kind), c.Secret[:], int64(start), int64(r.Number), int64(r.Number),
		c.Name, sqlite.JoinWords(c.Types), idOrNull(c.Workspace), c.URL, sqlite.WordsOrNull(c.Include), c.Batch, at, at, int64(r.Number))
	return err
}

// changeSubscription runs a statement that changes the subscription. Its last three arguments
// are the time and the number of the event and the id.
func (p *projector) changeSubscription(id domain.SubscriptionID, r *domain.Recorded, set string, args ...any) error {
	p.subscriptions = append(p.subscriptions, id)
	return p.Change(`UPDATE subscriptions SET `+set+`, updated_at = ?, version = ? WHERE id = ?`,
		append(args, r.Time.UnixMilli(), int64(r.Number), id[:])...)
}

func (p *projector) subscriptionUpdated(e domain.SubscriptionUpdated, r *domain.Recorded) error {
	types, workspace := sqlite.JoinWords(e.Types), idOrNull(e.SubscriptionTerms.Workspace)
	return p.changeSubscription(e.ID, r, `
		epoch = CASE WHEN types = ?1 AND workspace IS ?2 AND url = ?4 THEN epoch ELSE ?3 END,
		types = ?1, workspace = ?2, url = ?4, name = ?, include = ?, batch = ?`,
		types, workspace, int64(r.Number), e.URL, e.Name, sqlite.WordsOrNull(e.Include), e.Batch)
}

func (p *projector) subscriptionPaused(e domain.SubscriptionPaused, r *domain.Recorded) error {
	return p.changeSubscription(e.ID, r, `paused_at = ?, pause = ?, detail = ?`, r.Time.UnixMilli(), string(e.Cause), e.Detail)
}

func (p *projector) subscriptionResumed(e domain.SubscriptionResumed, r *domain.Recorded) error {
	return p.changeSubscription(e.ID, r, `paused_at = NULL, pause = '', detail = '', resumed = ?`, int64(r.Number))
}

// subscriptionSet sets the cursor to the event with the number, or behind the event that says
// so.
func (p *projector) subscriptionSet(id domain.SubscriptionID, from uint64, r *domain.Recorded) error {
	if from == 0 {
		from = r.Number + 1
	}
	return p.changeSubscription(id, r, `start = ?, cursor_set = ?, epoch = ?`, int64(from), int64(r.Number), int64(r.Number))
}

func (p *projector) subscriptionSecretRotated(e domain.SubscriptionSecretRotated, r *domain.Recorded) error {
	return p.changeSubscription(e.ID, r, `former = secret, former_until = ?, secret = ?, generation = ?`,
		e.FormerUntil.UnixMilli(), e.Secret[:], e.Generation)
}

func (p *projector) subscriptionDeleted(e domain.SubscriptionDeleted, r *domain.Recorded) error {
	return p.changeSubscription(e.ID, r, `deleted_at = ?`, r.Time.UnixMilli())
}

const subscriptionColumns = `s.key, s.id, o.id, s.kind, s.secret, s.former, s.former_until, s.generation, s.start, s.cursor_set, s.epoch, s.resumed,
	s.name, s.types, s.workspace, s.url, s.include, s.batch, s.paused_at, s.pause, s.detail,
	s.deleted_at, s.created_at, s.updated_at, s.version`

type subscriptionRow struct {
	key          int64
	subscription domain.Subscription
}

func (r *subscriptionRow) Dest() []any {
	c := &r.subscription
	return []any{
		sqlite.Number(&r.key), scanID(&c.ID), scanID(&c.Organization), sqlite.Text(&c.Kind), scanHash(&c.Secret),
		scanHash(&c.Former), sqlite.Time(&c.FormerUntil), sqlite.Number(&c.Generation),
		sqlite.Number(&c.Start), sqlite.Number(&c.Set), sqlite.Number(&c.Epoch), sqlite.Number(&c.Resumed),
		sqlite.Text(&c.Name), sqlite.Words(&c.Types), scanID(&c.Workspace), sqlite.Text(&c.URL), sqlite.Words(&c.Include), sqlite.Number(&c.Batch),
		sqlite.Time(&c.PausedAt), sqlite.Text(&c.Pause), sqlite.Text(&c.Detail),
		sqlite.Time(&c.DeletedAt), sqlite.Time(&c.CreatedAt), sqlite.Time(&c.UpdatedAt), sqlite.Number(&c.Version),
	}
}

func (r *subscriptionRow) Item() domain.Subscription { return r.subscription }
func (r *subscriptionRow) Place() sqlite.Place       { return sqlite.Place{N: [3]int64{r.key}} }

func (c conn) subscription(org domain.OrganizationID, id domain.SubscriptionID) (*domain.Subscription, error) {
	var r subscriptionRow
	err := c.Row(r.Dest(), `
		SELECT `+subscriptionColumns+`
		FROM subscriptions s JOIN organizations o ON o.key = s.organization
		WHERE s.id = +?2 AND o.id = +?1`, org[:], id[:])
	return &r.subscription, err
}

func (c conn) subscriptionCount(org domain.OrganizationID) (*domain.SubscriptionCount, error) {
	organization, err := c.organizationKey(org)
	if err != nil {
		return nil, err
	}
	// One that never had any has no count, and one whose last was deleted has none of them.
	var ever, live int64
	if err := c.Row([]any{sqlite.Number(&ever), sqlite.Number(&live)}, `
		SELECT count(*), count(*) - count(deleted_at) FROM subscriptions WHERE organization = +?`, organization); err != nil {
		return nil, err
	}
	if ever == 0 {
		return nil, ErrNotFound
	}
	return &domain.SubscriptionCount{Organization: org, Count: int(live)}, nil
}

// Subscription returns the organization's subscription. The error is [ErrNotFound] if there is
// none, and if it was deleted.
func (m *ReadModels) Subscription(org domain.OrganizationID, id domain.SubscriptionID) (domain.Subscription, error) {
	var found *domain.Subscription
	err := m.read(func(c conn) (err error) {
		found, err = c.subscription(org, id)
		return err
	})
	if err == nil && !found.DeletedAt.IsZero() {
		err = ErrNotFound
	}
	if err != nil {
		return domain.Subscription{}, err
	}
	return *found, nil
}

// AnySubscription returns the subscription with the id, of whatever organization, also if it
// was deleted. The error is [ErrNotFound] if there never was one.
func (m *ReadModels) AnySubscription(id domain.SubscriptionID) (domain.Subscription, error) {
	var r subscriptionRow
	err := m.read(func(c conn) error {
		return c.Row(r.Dest(), `
			SELECT `+subscriptionColumns+`
			FROM subscriptions s JOIN organizations o ON o.key = s.organization
			WHERE s.id = +?`, id[:])
	})
	if err != nil {
		return domain.Subscription{}, err
	}
	return r.Item(), nil
}

// Subscriptions lists the organization's subscriptions that were not deleted, the oldest
// first.
func (m *ReadModels) Subscriptions(ctx context.Context, org domain.OrganizationID, p Page) (list List[domain.Subscription], err error) {
	err = m.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		from, err := sqlite.ReadCursor(p, "subscriptions", organization, sqlite.NoFilter{})
		if err != nil {
			return err
		}
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), new(subscriptionRow), `
			SELECT `+subscriptionColumns+`
			FROM subscriptions s CROSS JOIN organizations o ON o.key = s.organization
			WHERE s.organization = +? AND s.key > +? AND s.deleted_at IS NULL
			ORDER BY s.key LIMIT +?`, organization, from.Last.N[0])
		return err
	})
	return list, err
}

// EachSubscription calls f with every subscription that was not deleted, of all
// organizations. It is for a start: later changes come from [ReadModels.ChangedSubscriptions].
func (m *ReadModels) EachSubscription(ctx context.Context, f func(domain.Subscription)) error {
	return m.list(ctx, func(c conn) error {
		var r subscriptionRow
		return c.Each(ctx, r.Dest(), func() { f(r.Item()) }, `
			SELECT `+subscriptionColumns+`
			FROM subscriptions s CROSS JOIN organizations o ON o.key = s.organization
			WHERE s.deleted_at IS NULL`)
	})
}

// ChangedSubscriptions returns which subscriptions have changed since it was last called, and
// a channel that is closed when others have, and when the read models are closed. Only one
// caller gets to know of a change.
func (m *ReadModels) ChangedSubscriptions() (ids []domain.SubscriptionID, more <-chan struct{}) {
	return m.subscriptions.take()
}
