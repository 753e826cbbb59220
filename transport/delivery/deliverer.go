package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/credentials"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/webhook"
)

// Options says what a deliverer works with.
type Options struct {
	Log    *events.Log
	Models *projections.ReadModels
	// Webhooks says how webhooks are sent, and where they may be.
	Webhooks webhook.Options
	// Schedule returns how long to wait after an attempt has failed, which is counted from 1;
	// nil for [subscription.Schedule].
	Schedule func(attempt int) time.Duration
	// Now is the clock by which the former secret of a webhook ends; nil for [time.Now].
	Now func() time.Time
	// NewID returns a new id for a command.
	NewID   func() domain.CommandID
	Logger  *slog.Logger
	Metrics prometheus.Registerer // nil: no metrics
}

// Deliverer delivers the events of all subscriptions, and knows how far each has come. Its
// methods may be called at the same time.
type Deliverer struct {
	Options
	cursors *subscription.Subscriptions
	sender  *webhook.Sender
	running map[domain.SubscriptionID]*worker // only Run touches it
	nats    map[domain.SubscriptionID]domain.Subscription
	ended   chan *worker // workers that have ended by themselves
	lost    *lost
	work    sync.WaitGroup
	paused  *prometheus.CounterVec

	key atomic.Pointer[[]byte] // that secrets of webhooks are made with; nil until it has been read
}

// Open returns a deliverer. [Deliverer.Run] has it deliver. It must be closed.
func Open(ctx context.Context, o Options) (*Deliverer, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	cursors, err := o.Log.Subscriptions(ctx, subscription.Options{
		Schedule: o.Schedule, Logger: o.Logger, Registerer: o.Metrics,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the cursors of subscriptions: %w", err)
	}
	paused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_subscriptions_paused_total",
		Help: "Subscriptions that this node has paused because they cannot deliver, by cause: failing, gone or secret.",
	}, []string{"cause"})
	for _, cause := range []domain.PauseCause{domain.PauseFailing, domain.PauseGone, domain.PauseSecret} {
		paused.WithLabelValues(string(cause))
	}
	if o.Metrics != nil {
		if err := o.Metrics.Register(paused); err != nil {
			return nil, fmt.Errorf("registering the metrics of subscriptions: %w", err)
		}
	}
	return &Deliverer{
		Options: o, cursors: cursors, sender: webhook.NewSender(o.Webhooks),
		running: make(map[domain.SubscriptionID]*worker), nats: make(map[domain.SubscriptionID]domain.Subscription),
		ended: make(chan *worker), paused: paused, lost: newLost(),
	}, nil
}

// Close closes the connections to receivers. Nothing may be delivered any more.
func (d *Deliverer) Close() { d.sender.Close() }

// spec returns what the subscription wants of its cursor.
func (d *Deliverer) spec(s *domain.Subscription) subscription.Spec {
	return subscription.SpecOf(s, d.Log.Partition(s.Organization))
}

// Place returns how far the subscription has come.
func (d *Deliverer) Place(ctx context.Context, s *domain.Subscription) (subscription.Place, error) {
	if err := d.awaitFeed(ctx, s); err != nil {
		return subscription.Place{}, err
	}
	return d.cursors.Place(ctx, d.spec(s))
}

// Pause has JetStream hand out no more events of a subscription that was paused, to no node.
// Every node does that when it learns of the pause. Whoever has asked for it calls Pause, so that
// nothing is delivered after the response, but for an attempt that is under way.
func (d *Deliverer) Pause(ctx context.Context, s *domain.Subscription) {
	err := d.awaitFeed(ctx, s)
	if err == nil {
		err = d.cursors.Ensure(ctx, d.spec(s))
	}
	if err != nil {
		d.Logger.Warn("a subscription that was paused may deliver a little longer", slog.String("subscription_id", s.ID.String()), slog.Any("error", err))
	}
}

// feedPatience is how long a request waits for the feed to hold the subscription's last event.
const feedPatience = 2 * time.Second

// awaitFeed waits until the feed holds the subscription's last event. JetStream counts wrongly
// what a consumer has to deliver that begins behind the end of its stream.
func (d *Deliverer) awaitFeed(ctx context.Context, s *domain.Subscription) error {
	ctx, cancel := context.WithTimeout(ctx, feedPatience)
	defer cancel()
	if err := d.Log.WaitFor(ctx, wire.Position{Partition: d.Log.Partition(s.Organization), Number: s.Version}); err != nil {
		return fmt.Errorf("the feed does not hold the last event of the subscription yet: %w", err)
	}
	return nil
}

// Next returns the next event that the subscription has to deliver. It reports false if there is
// none.
func (d *Deliverer) Next(ctx context.Context, s *domain.Subscription) (feed.Event, bool, error) {
	return d.cursors.Next(ctx, d.spec(s))
}

// Attempts returns at most limit attempts of the subscription, the last one first, and only those
// before the one with that [subscription.Attempt.Sequence] if before is not 0.
func (d *Deliverer) Attempts(ctx context.Context, s *domain.Subscription, before uint64, limit int) ([]subscription.Attempt, error) {
	return d.cursors.Deliveries(ctx, s.ID, before, limit)
}

// Ping sends a test event to the webhook's endpoint, also if the subscription is paused, and
// returns how that has ended. It moves no cursor, and does not count for the subscription's
// health. It is listed with the other attempts.
func (d *Deliverer) Ping(ctx context.Context, s *domain.Subscription) (subscription.Attempt, error) {
	to, err := d.endpoint(ctx, s)
	if err != nil {
		return subscription.Attempt{}, err
	}
	result, err := d.sender.Ping(ctx, to, s.Organization, s.ID)
	if err != nil {
		return subscription.Attempt{}, err
	}
	attempt := subscription.NewAttempt(result.At, outcome(&to, &result))
	attempt.Type = webhook.PingType
	if err := d.cursors.Record(ctx, s.ID, attempt); err != nil {
		d.Logger.Warn("an attempt could not be kept", slog.String("subscription_id", s.ID.String()), slog.Any("error", err))
	}
	return attempt, nil
}

// CheckURL returns an error that says what to do, unless webhooks may be sent to the URL.
func (d *Deliverer) CheckURL(url string) error { return webhook.CheckURL(url, d.Webhooks.AllowPrivate) }

// CanConnect returns nil if subscribers can come in to NATS, and otherwise an error that says
// what the operator must configure.
func (d *Deliverer) CanConnect() error { return d.Log.Door().CanIssue() }

// Connection is what a client of NATS needs to fetch the events of its subscription, besides the
// secret, which is the password.
type Connection struct {
	URLs        []string // of servers
	User        string
	Stream      string
	Consumer    string // durable, with explicit acknowledgement; to be pulled from
	InboxPrefix string // all replies must be asked for below it
}

// Connection returns how the subscription's events are fetched from NATS.
func (d *Deliverer) Connection(s *domain.Subscription) Connection {
	user := s.ID.String()
	return Connection{
		URLs: d.Log.PublicURLs(), User: user, Stream: store.FeedStream(d.Log.Partition(s.Organization)),
		Consumer: subscription.ConsumerName(s.ID), InboxPrefix: credentials.Inbox(user),
	}
}

// NewSecret returns the text of a new secret of the subscription: the one with the generation
// for a webhook, and a random one for NATS.
func (d *Deliverer) NewSecret(ctx context.Context, kind domain.SubscriptionKind, id domain.SubscriptionID, generation int) (string, error) {
	if kind == domain.SubscriptionNATS {
		return auth.NewSecret(auth.SubscriberSecret), nil
	}
	secret, err := d.secret(ctx, id, generation)
	return secret.Text(), err
}

// secret returns the webhook's secret of that generation.
func (d *Deliverer) secret(ctx context.Context, id domain.SubscriptionID, generation int) (webhook.Secret, error) {
	key, err := d.secretKey(ctx)
	if err != nil {
		return webhook.Secret{}, err
	}
	return webhook.Derive(key, id, uint64(generation)) //nolint:gosec // counts from 1
}

func (d *Deliverer) secretKey(ctx context.Context) ([]byte, error) {
	if key := d.key.Load(); key != nil {
		return *key, nil
	}
	key, err := d.cursors.Key(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	d.key.Store(&key) // all calls read the same one
	return key, nil
}

// OtherSecretError reports that a secret is not the one that was given out.
type OtherSecretError struct{ of *domain.Subscription }

func (e *OtherSecretError) Error() string {
	return fmt.Sprintf("the secret of subscription %s is lost, because the key of the webhooks' secrets (stream MUSTER_KEYS) is another one: rotate the secret", e.of.ID)
}

// endpoint returns where and how the subscription's webhooks are sent. The error is an
// OtherSecretError if they cannot be signed as the receiver expects.
func (d *Deliverer) endpoint(ctx context.Context, s *domain.Subscription) (webhook.Endpoint, error) {
	to := webhook.Endpoint{URL: s.URL, Batch: s.Batch > 1}
	for _, include := range s.Include {
		to.Profile = to.Profile || include == domain.IncludeProfile
	}
	current, err := d.secret(ctx, s.ID, s.Generation)
	if err != nil {
		return to, err
	}
	if auth.HashSecret(current.Text()) != s.Secret {
		return to, &OtherSecretError{s}
	}
	to.Secrets = append(to.Secrets, current)
	if d.Now().Before(s.FormerUntil) {
		former, err := d.secret(ctx, s.ID, s.Generation-1)
		if err != nil {
			return to, err
		}
		if auth.HashSecret(former.Text()) == s.Former {
			to.Secrets = append(to.Secrets, former)
		}
	}
	return to, nil
}

// outcome returns what the cursor has to know of an attempt. A receiver of profiles may repeat
// them in its response, where erasing a person would not reach them. So that response is not kept.
func outcome(to *webhook.Endpoint, r *webhook.Result) subscription.Outcome {
	o := subscription.Outcome{Kind: r.Outcome, Status: r.Status, Latency: r.Latency, RetryAfter: r.RetryAfter, Error: r.Error}
	if !to.Profile {
		o.Answer = r.Answer
	}
	return o
}
