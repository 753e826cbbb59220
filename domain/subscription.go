package domain

import (
	"slices"
	"time"
)

const (
	// MaxSubscriptions is how many subscriptions an organization can have at a time.
	MaxSubscriptions = 100
	// MaxEventTypes is how many types of events a subscription can name.
	MaxEventTypes = 100
	// MaxEventType is how many characters the type of an event can have in a subscription.
	MaxEventType = 60
	// MaxBatch is how many events a webhook can get in one request.
	MaxBatch = 100
)

// SubscriptionKind says how a subscription's events reach its subscriber.
type SubscriptionKind string

// The kinds of subscriptions.
const (
	SubscriptionWebhook SubscriptionKind = "webhook" // Muster sends them to a URL
	SubscriptionNATS    SubscriptionKind = "nats"    // the subscriber fetches them from JetStream
)

// IncludeProfile has a webhook send the personal data that events carry; see
// [SubscriptionTerms.Include].
const IncludeProfile = "profile"

// SubscriptionTerms are what can be changed of a subscription.
type SubscriptionTerms struct {
	Name string `json:"name"`
	// Types are types of events, or all of one noun: muster.member.*. None means all types.
	Types []string `json:"types"`
	// Workspace restricts the subscription to the events that concern it; zero for all events.
	Workspace WorkspaceID `json:"workspace_id,omitzero"`
	URL       string      `json:"url,omitzero"`     // of a webhook
	Include   []string    `json:"include,omitzero"` // what a webhook sends besides; see [IncludeProfile]
	// Batch is how many events a webhook gets at most in one request; zero and one mean that
	// each has a request of its own.
	Batch int `json:"batch,omitzero"`
}

// SubscriptionFacts is what an event says about a subscription. Only the hash of its secret
// is stored.
type SubscriptionFacts struct {
	ID     SubscriptionID   `json:"id"`
	Kind   SubscriptionKind `json:"kind"`
	Secret Hash             `json:"secret_sha256"`
	SubscriptionTerms
}

// Subscription is a durable cursor on an organization's events. How far its events have been
// delivered is not part of it: that is noted beside the feed.
type Subscription struct {
	SubscriptionFacts
	Organization OrganizationID
	// Start is the number of the first event that is to be delivered, as of the event Set.
	Start uint64
	// Set is the number of the event that last said where the cursor stands: by the
	// creation, a rewind or a skip.
	Set uint64
	// Epoch is the number of the last event after which delivering begins anew: one that has
	// set the cursor, or changed which events are wanted or where they are sent. Unless the
	// cursor was set since the epoch before, it goes on where it stood.
	Epoch uint64
	// Resumed is the number of the event that resumed the subscription last; zero for none.
	Resumed uint64
	// Generation counts the secrets, from 1.
	Generation int
	// Former is the hash of the secret before the last rotation. It is valid until
	// FormerUntil. Both are zero for a secret that was never rotated.
	Former      Hash
	FormerUntil time.Time
	PausedAt    time.Time // zero: active
	// Pause says why it is paused. It is empty for one that is active.
	Pause     PauseCause
	Detail    string    // of the pause, for people
	DeletedAt time.Time // zero: not deleted
	Stamp
}

func (c *Subscription) key() Key            { return SubscriptionKey(c.Organization, c.ID) }
func (c *Subscription) clone() Part         { d := *c; return &d }
func (c *Subscription) gone(time.Time) bool { return !c.DeletedAt.IsZero() }

// Subscription returns the organization's subscription, also if it was deleted, or nil if
// there never was one.
func (s *State) Subscription(org OrganizationID, id SubscriptionID) *Subscription {
	return PartOf[*Subscription](s, SubscriptionKey(org, id))
}

// SubscriptionCount is how many subscriptions an organization has.
type SubscriptionCount struct {
	Organization OrganizationID
	Count        int
}

func (c *SubscriptionCount) key() Key            { return SubscriptionCountKey(c.Organization) }
func (c *SubscriptionCount) version() uint64     { return 0 } // clients do not see it
func (c *SubscriptionCount) clone() Part         { d := *c; return &d }
func (c *SubscriptionCount) gone(time.Time) bool { return false }

// SubscriptionCount returns how many subscriptions the organization has.
func (s *State) SubscriptionCount(org OrganizationID) int {
	if count := PartOf[*SubscriptionCount](s, SubscriptionCountKey(org)); count != nil {
		return count.Count
	}
	return 0
}

func (s *State) countSubscription(org OrganizationID, by int) {
	s.make(SubscriptionCountKey(org), &SubscriptionCount{org, s.SubscriptionCount(org) + by})
}

// PauseCause says why a subscription was paused.
type PauseCause string

// The causes of pauses.
const (
	PauseRequested PauseCause = "requested" // by a request
	PauseFailing   PauseCause = "failing"   // nothing could be delivered for days
	PauseGone      PauseCause = "gone"      // the receiver has said that it is gone for good
	PauseSecret    PauseCause = "secret"    // the secret to sign with is not the one that was given out
)

// SubscriptionCreated: the organization has a subscription.
type SubscriptionCreated struct {
	About        `json:"-"`
	Subscription SubscriptionFacts `json:"subscription"`
	// From is the number of the first event to deliver; zero for what comes after this event.
	From uint64 `json:"from,omitzero"`
}

// SubscriptionUpdated: the subscription has other terms.
type SubscriptionUpdated struct {
	About             `json:"-"`
	ID                SubscriptionID `json:"subscription_id"`
	SubscriptionTerms                // as they are now
}

// SubscriptionPaused: nothing is delivered until the subscription is resumed.
type SubscriptionPaused struct {
	About  `json:"-"`
	ID     SubscriptionID `json:"subscription_id"`
	Cause  PauseCause     `json:"cause"`
	Detail string         `json:"detail,omitzero"`
}

// SubscriptionResumed: the subscription goes on where it stood.
type SubscriptionResumed struct {
	About `json:"-"`
	ID    SubscriptionID `json:"subscription_id"`
}

// SubscriptionRewound: the subscription delivers everything from an event on, also what it
// has delivered before.
type SubscriptionRewound struct {
	About `json:"-"`
	ID    SubscriptionID `json:"subscription_id"`
	// From is the number of the first event to deliver; zero for what comes after this event.
	From uint64 `json:"from,omitzero"`
}

// SubscriptionSkipped: one event is not delivered.
type SubscriptionSkipped struct {
	About  `json:"-"`
	ID     SubscriptionID `json:"subscription_id"`
	Number uint64         `json:"number"`
	Why    string         `json:"reason"`
}

// SubscriptionSecretRotated: the subscription has a new secret. The old one stays valid for
// the overlap.
type SubscriptionSecretRotated struct {
	About       `json:"-"`
	ID          SubscriptionID `json:"subscription_id"`
	Secret      Hash           `json:"secret_sha256"`
	Generation  int            `json:"generation"`
	FormerUntil time.Time      `json:"former_expires_at"`
}

// SubscriptionDeleted: the subscription and its cursor are gone.
type SubscriptionDeleted struct {
	About `json:"-"`
	ID    SubscriptionID `json:"subscription_id"`
}

// EventType is muster.subscription.created.
func (SubscriptionCreated) EventType() string { return "muster.subscription.created" }

// EventType is muster.subscription.updated.
func (SubscriptionUpdated) EventType() string { return "muster.subscription.updated" }

// EventType is muster.subscription.paused.
func (SubscriptionPaused) EventType() string { return "muster.subscription.paused" }

// EventType is muster.subscription.resumed.
func (SubscriptionResumed) EventType() string { return "muster.subscription.resumed" }

// EventType is muster.subscription.rewound.
func (SubscriptionRewound) EventType() string { return "muster.subscription.rewound" }

// EventType is muster.subscription.skipped.
func (SubscriptionSkipped) EventType() string { return "muster.subscription.skipped" }

// EventType is muster.subscription.secret_rotated.
func (SubscriptionSecretRotated) EventType() string { return "muster.subscription.secret_rotated" }

// EventType is muster.subscription.deleted.
func (SubscriptionDeleted) EventType() string { return "muster.subscription.deleted" }

func (s *State) subscriptionCreated(e SubscriptionCreated, r *Recorded) {
	c := &Subscription{SubscriptionFacts: e.Subscription, Organization: e.Organization, Generation: 1, Stamp: stamp(r)}
	c.set(e.From, r)
	s.make(SubscriptionKey(e.Organization, c.ID), c)
	s.countSubscription(e.Organization, 1)
}

func (s *State) subscriptionDeleted(e SubscriptionDeleted, r *Recorded) {
	c := s.Subscription(e.Organization, e.ID)
	c.DeletedAt = r.Time
	c.touch(r)
	s.countSubscription(e.Organization, -1)
}

// set sets the cursor to the event with the number, or behind the event that says so. The
// projection of subscriptions follows the same rules for Start, Set and Epoch; a test of the
// projections compares the two.
func (c *Subscription) set(from uint64, r *Recorded) {
	if from == 0 {
		from = r.Number + 1
	}
	c.Start, c.Set, c.Epoch = from, r.Number, r.Number
}

func (c *Subscription) update(e SubscriptionUpdated, r *Recorded) {
	if !slices.Equal(c.Types, e.Types) || c.Workspace != e.SubscriptionTerms.Workspace || c.URL != e.URL {
		c.Epoch = r.Number
	}
	c.SubscriptionTerms = e.SubscriptionTerms
	c.touch(r)
}

func (c *Subscription) pause(e SubscriptionPaused, r *Recorded) {
	c.PausedAt, c.Pause, c.Detail = r.Time, e.Cause, e.Detail
	c.touch(r)
}

func (c *Subscription) resume(r *Recorded) {
	c.PausedAt, c.Pause, c.Detail, c.Resumed = time.Time{}, "", "", r.Number
	c.touch(r)
}

func (c *Subscription) rewind(from uint64, r *Recorded) {
	c.set(from, r)
	c.touch(r)
}

func (c *Subscription) rotate(e SubscriptionSecretRotated, r *Recorded) {
	c.Former, c.FormerUntil, c.Secret, c.Generation = c.Secret, e.FormerUntil, e.Secret, e.Generation
	c.touch(r)
}
