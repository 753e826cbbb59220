package native

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/subscription"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/delivery"
	"github.com/muster-dev/muster/transport/openapi"
)

// Subscription is a named, durable cursor on an organization's events.
type Subscription struct {
	ID           domain.SubscriptionID   `json:"id" format:"uuid"`
	Organization domain.OrganizationID   `json:"organization_id" format:"uuid"`
	Name         string                  `json:"name" bounds:"name" example:"Provisioning"`
	Kind         domain.SubscriptionKind `json:"kind" enum:"webhook,nats" doc:"webhook: Muster sends the events to the URL. nats: the subscriber fetches them from NATS."`
	Types        []string                `json:"types" bounds:"event_types" nullable:"false" example:"[\"muster.member.*\"]" doc:"Types of events, and all types of a noun like muster.member.*. An empty list means all types."`
	Workspace    *domain.WorkspaceID     `json:"workspace_id" format:"uuid" nullable:"true" doc:"Only events that concern this workspace; null for all events of the organization."`
	From         string                  `json:"from" bounds:"position" doc:"The position of the first event that was to be delivered when the cursor was last set: by the creation, a rewind or a skip." example:"3-17"`
	URL          *string                 `json:"url" bounds:"url" nullable:"true" doc:"Where a webhook is sent; null for nats." example:"https://app.acme.example/hooks/muster"`
	Include      []string                `json:"include" enum:"profile" maxItems:"1" nullable:"false" doc:"profile: a webhook's events have the personal data that they carry."`
	Batch        int                     `json:"batch" minimum:"1" maximum:"100" doc:"How many events a webhook gets at most in one request. With 1, the body is an event. With more, it is a JSON array of events, even of one." example:"1"`
	State        string                  `json:"state" enum:"active,paused"`
	Reason       *string                 `json:"reason" bounds:"pause" nullable:"true" doc:"Why it is paused." example:"requested"`
	Position     *string                 `json:"position" bounds:"position" nullable:"true" doc:"Everything up to this position that the subscription wants has been delivered; null if that cannot be told at the moment." example:"3-1042"`
	Lag          *uint64                 `json:"lag" bounds:"count" nullable:"true" doc:"How many events are undelivered; null if that cannot be told at the moment." example:"0"`
	Oldest       transport.Time          `json:"oldest_undelivered_at" nullable:"true" doc:"The time of the first of them."`
	FailingSince transport.Time          `json:"failing_since" nullable:"true" doc:"Since when every attempt to deliver has failed; null if the last one has not."`
	NextAttempt  transport.Time          `json:"next_attempt_at" nullable:"true" doc:"When the next attempt is made after a failure."`
	FormerUntil  transport.Time          `json:"former_secret_expires_at" nullable:"true" doc:"When the secret from before the last rotation stops being valid, or stopped; null if the secret was never rotated."`
	Connection   *Connection             `json:"connection" doc:"For nats: where a client fetches the events. It logs in with the user and the secret; null for a webhook."`
	CreatedAt    transport.Time          `json:"created_at"`
	UpdatedAt    transport.Time          `json:"updated_at"`
}

// TransformSchema documents which fields can be null.
func (Subscription) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "connection")
}

// Connection says how a client of NATS fetches the events of its subscription.
type Connection struct {
	URLs        []string `json:"urls" bounds:"nats_urls" nullable:"false" example:"[\"nats://nats.acme.example:4222\"]"`
	User        string   `json:"user" format:"uuid"`
	Stream      string   `json:"stream" bounds:"nats_name" example:"MUSTER_FEED_03"`
	Consumer    string   `json:"consumer" bounds:"nats_name" doc:"The durable consumer. Fetch from it and acknowledge every message; nothing else is permitted." example:"subscription-019cc043-d5e6-7f30-8a1b-5c6d7e8f9012"`
	InboxPrefix string   `json:"inbox_prefix" bounds:"nats_name" doc:"The client's inboxes must begin with this: replies elsewhere cannot be received." example:"_INBOX_019cc043d5e67f308a1b5c6d7e8f9012"`
}

// CreatedSubscription is a subscription with its secret.
type CreatedSubscription struct {
	Subscription
	Secret *string `json:"secret" bounds:"subscription_secret" doc:"Shown this once. With it a webhook's receiver verifies signatures (Standard Webhooks), and a client of NATS logs in. null when this is the answer to a request that was answered before." example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="`
}

// subscriptions are the operations on subscriptions.
type subscriptions struct {
	deliverer *delivery.Deliverer
	logger    *slog.Logger
}

// show returns what the wire shows of a subscription. It asks JetStream how far it has come, if
// that is wanted: what was only validated has no cursor.
func (s *subscriptions) show(ctx context.Context, c *transport.Call, of *domain.Subscription, place bool) Subscription {
	partition := c.Log().Partition(of.Organization)
	position := func(number uint64) string { return wire.Position{Partition: partition, Number: number}.String() }
	shown := Subscription{
		ID: of.ID, Organization: of.Organization, Name: of.Name, Kind: of.Kind, Types: of.Types, Workspace: idOrNull(of.Workspace),
		From: position(of.Start), URL: orNull(&of.URL), Include: slices.Concat([]string{}, of.Include), Batch: max(of.Batch, 1),
		State: "active", FormerUntil: transport.Time(of.FormerUntil), CreatedAt: transport.Time(of.CreatedAt), UpdatedAt: transport.Time(of.UpdatedAt),
	}
	if !of.PausedAt.IsZero() {
		shown.State, shown.Reason = "paused", new(reasonOf(of))
	}
	if of.Kind == domain.SubscriptionNATS {
		at := s.deliverer.Connection(of)
		shown.Connection = &Connection{slices.Concat([]string{}, at.URLs), at.User, at.Stream, at.Consumer, at.InboxPrefix}
	}
	if !place {
		return shown
	}
	at, err := s.deliverer.Place(ctx, of)
	if errors.Is(err, subscription.ErrSuperseded) || errors.Is(err, subscription.ErrDeleted) || ctx.Err() != nil {
		return shown // this is the past, or nobody waits for it
	}
	if err != nil {
		s.logger.Warn("how far a subscription has come cannot be told at the moment", slog.String("subscription_id", of.ID.String()), slog.Any("error", err))
		return shown
	}
	shown.Position, shown.Lag, shown.Oldest = new(position(at.Position)), &at.Lag, transport.Time(at.Oldest)
	shown.FailingSince, shown.NextAttempt = transport.Time(at.Health.FailingSince), transport.Time(at.Health.NextAttempt)
	return shown
}

// reasonOf returns why the subscription is paused: the cause, and what there is to say of it.
func reasonOf(of *domain.Subscription) string {
	if of.Detail == "" {
		return string(of.Pause)
	}
	return string(of.Pause) + ": " + of.Detail
}

// showAll shows a page of subscriptions. JetStream is asked for several at a time.
func (s *subscriptions) showAll(c *transport.Call, list []domain.Subscription) []Subscription {
	shown := make([]Subscription, len(list))
	var asking sync.WaitGroup
	for begin := range min(8, len(list)) {
		asking.Go(func() {
			for i := begin; i < len(list); i += 8 {
				shown[i] = s.show(c, c, &list[i], true)
			}
		})
	}
	asking.Wait()
	return shown
}

// SubscriptionPath is the part of a path that names a subscription.
type SubscriptionPath struct {
	OrganizationPath
	Subscription domain.SubscriptionID `path:"subscription" format:"uuid" doc:"The subscription's id."`
}

type listSubscriptionsInput struct {
	OrganizationPath
	transport.ReadHeaders
	ListQuery
}

func (s *subscriptions) list(c *transport.Call, in *listSubscriptionsInput) (*Listing[Subscription], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := c.Models().Subscriptions(c, in.Organization, in.page())
	if err != nil {
		return nil, err
	}
	list := &List[Subscription]{Items: s.showAll(c, rows.Items)}
	if next := string(rows.Next); next != "" {
		list.NextCursor = &next
	}
	return &Listing[Subscription]{list}, nil
}

type getSubscriptionInput struct {
	SubscriptionPath
	transport.ReadHeaders
}

func (s *subscriptions) get(c *transport.Call, in *getSubscriptionInput) (*transport.Resource[Subscription], error) {
	found, err := s.find(c, in.SubscriptionPath)
	if err != nil {
		return nil, err
	}
	shown := s.show(c, c, &found, true)
	return transport.Found(transport.ETagHeaders{}, found.Version, &shown), nil
}

// find returns the subscription that the path names.
func (s *subscriptions) find(c *transport.Call, path SubscriptionPath) (domain.Subscription, error) {
	if err := c.CheckOrganization(path.Organization); err != nil {
		return domain.Subscription{}, err
	}
	return transport.Find(c, func() (domain.Subscription, error) {
		return c.Models().Subscription(path.Organization, path.Subscription)
	})
}

// findEver is find for commands, which can be sent again after the subscription was deleted. The
// command itself finds out that it was.
func (s *subscriptions) findEver(c *transport.Call, path SubscriptionPath) (domain.Subscription, error) {
	if err := c.CheckOrganization(path.Organization); err != nil {
		return domain.Subscription{}, err
	}
	if err := c.AwaitShown(path.Organization); err != nil {
		return domain.Subscription{}, err
	}
	return transport.Find(c, func() (domain.Subscription, error) {
		found, err := c.Models().AnySubscription(path.Subscription)
		if err == nil && found.Organization != path.Organization {
			return domain.Subscription{}, projections.ErrNotFound
		}
		return found, err
	})
}

// checkTypes refuses types of events that do not exist.
func checkTypes(types []string) error {
	for i, t := range types {
		if !wire.Known(t) && (!strings.HasSuffix(t, ".*") || !knownType(t)) {
			return transport.Invalid(transport.FieldProblem{
				Pointer: pointerTo("/types", i), Code: transport.CodeInvalidValue,
				Detail: "a type like muster.member.added, or all of a noun like muster.member.*, is expected; " + typesLike(t),
			})
		}
	}
	return nil
}
