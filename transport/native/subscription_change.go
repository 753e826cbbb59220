package native

import (
	"errors"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/subscription"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/auth"
)

type createSubscriptionBody struct {
	Name      string                  `json:"name" bounds:"name" minLength:"1" example:"Provisioning"`
	Kind      domain.SubscriptionKind `json:"kind" enum:"webhook,nats" doc:"webhook: Muster sends the events to the URL. nats: the subscriber fetches them from NATS."`
	Types     []string                `json:"types,omitzero" bounds:"event_types" nullable:"false" example:"[\"muster.member.*\"]" doc:"Types of events, and all types of a noun like muster.member.*. The default is all types."`
	Workspace domain.WorkspaceID      `json:"workspace_id,omitzero" format:"uuid" nullable:"true" doc:"Only events that concern this workspace."`
	From      *string                 `json:"from,omitzero" bounds:"from" nullable:"false" doc:"The first event to deliver: earliest, latest (what comes after the creation), the position of an event like 3-17, or a time. The default is latest." example:"earliest"`
	URL       string                  `json:"url,omitzero" bounds:"url" nullable:"true" doc:"Where a webhook is sent: https, and an address that is public." example:"https://app.acme.example/hooks/muster"`
	Include   []string                `json:"include,omitzero" enum:"profile" maxItems:"1" nullable:"false" doc:"profile: a webhook's events have the personal data that they carry. Without it they do not."`
	Batch     *int                    `json:"batch,omitzero" minimum:"1" maximum:"100" nullable:"false" doc:"How many events a webhook gets at most in one request, for catching up. The default is 1." example:"1"`
}

func (b *createSubscriptionBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/name", b.Name != ""), transport.Require("/kind", b.Kind != "")}
}

type createSubscriptionInput struct {
	OrganizationPath
	transport.WriteHeaders
	transport.JSONBody[createSubscriptionBody]
}

func (s *subscriptions) create(c *transport.Call, in *createSubscriptionInput) (*transport.Written[CreatedSubscription], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	sent := in.Sent()
	if err := checkTypes(sent.Types); err != nil {
		return nil, err
	}
	if err := s.checkURL(sent.URL); err != nil {
		return nil, err
	}
	if err := s.checkKind(sent.Kind); err != nil {
		return nil, err
	}
	if sent.Batch != nil && *sent.Batch < 1 {
		return nil, transport.InvalidField("/batch", transport.CodeOutOfRange, "from 1 to 100 events are expected")
	}
	from, err := firstOf(c, in.Organization, "/from", sent.From)
	if err != nil {
		return nil, err
	}
	id := domain.SubscriptionID(c.NewID())
	secret, err := s.deliverer.NewSecret(c, sent.Kind, id, 1)
	if err != nil {
		return nil, err
	}
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.CreateSubscription{
			Meta: m, From: from,
			Subscription: domain.SubscriptionFacts{
				ID: id, Kind: sent.Kind, Secret: auth.HashSecret(secret),
				SubscriptionTerms: domain.SubscriptionTerms{
					Name: sent.Name, Types: sent.Types, Workspace: sent.Workspace,
					URL: sent.URL, Include: sent.Include, Batch: orOne(sent.Batch),
				},
			},
		}
	})
	if err != nil {
		return nil, err
	}
	created := domain.PartOf[*domain.Subscription](result.State, result.Target)
	shown := CreatedSubscription{s.show(c, c, created, hasPlace(result)), result.Secret(secret)}
	return transport.Wrote(result, domain.SubscriptionCreated{}.EventType(), created.Version, &shown), nil
}

// hasPlace reports whether the response can say how far the subscription has come. What was only
// validated has no cursor, and a response that is repeated is about the past.
func hasPlace(r transport.Result) bool { return !r.ValidateOnly && !r.Replayed }

func orOne(n *int) int {
	if n == nil {
		return 1
	}
	return *n
}

// checkKind refuses a kind of subscription that the operator does not offer.
func (s *subscriptions) checkKind(kind domain.SubscriptionKind) error {
	if kind != domain.SubscriptionNATS {
		return nil
	}
	if err := s.deliverer.CanConnect(); err != nil {
		return transport.NATSNotOffered.Problem(err.Error())
	}
	return nil
}

// checkURL refuses an address that webhooks may not be sent to. An empty one is left to the
// domain, which knows whether one is needed.
func (s *subscriptions) checkURL(url string) error {
	if url == "" {
		return nil
	}
	if err := s.deliverer.CheckURL(url); err != nil {
		return transport.InvalidField("/url", "invalid_url", err.Error())
	}
	return nil
}

type updateSubscriptionBody struct {
	Name      transport.Patch[string]             `json:"name,omitzero" bounds:"name" minLength:"1" example:"Provisioning"`
	Types     transport.Patch[[]string]           `json:"types,omitzero" bounds:"event_types" nullable:"false" example:"[\"muster.member.*\"]"`
	Workspace transport.Patch[domain.WorkspaceID] `json:"workspace_id,omitzero" format:"uuid" nullable:"true" doc:"null: all events of the organization."`
	URL       transport.Patch[string]             `json:"url,omitzero" bounds:"url" nullable:"false" example:"https://app.acme.example/hooks/muster"`
	Include   transport.Patch[[]string]           `json:"include,omitzero" enum:"profile" maxItems:"1" nullable:"false"`
	Batch     transport.Patch[int]                `json:"batch,omitzero" minimum:"1" maximum:"100" nullable:"false" example:"1"`
}

func (b *updateSubscriptionBody) Required() []transport.Required {
	return []transport.Required{
		transport.Require("/name", !b.Name.IsNull()), transport.Require("/types", !b.Types.IsNull()), transport.Require("/url", !b.URL.IsNull()),
		transport.Require("/include", !b.Include.IsNull()), transport.Require("/batch", !b.Batch.IsNull()),
	}
}

type updateSubscriptionInput struct {
	SubscriptionPath
	transport.WriteHeaders
	transport.JSONBody[updateSubscriptionBody]
}

func (s *subscriptions) update(c *transport.Call, in *updateSubscriptionInput) (*transport.Written[Subscription], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	sent := in.Sent()
	if err := checkTypes(sent.Types.Value()); err != nil {
		return nil, err
	}
	if err := s.checkURL(sent.URL.Value()); err != nil {
		return nil, err
	}
	if sent.Batch.Given() && sent.Batch.Value() < 1 {
		return nil, transport.InvalidField("/batch", transport.CodeOutOfRange, "from 1 to 100 events are expected")
	}
	return s.change(c, in.Write(), in.SubscriptionPath, func(m domain.Meta) domain.Command {
		return domain.UpdateSubscription{
			Meta: m, ID: in.Subscription, Name: sent.Name.Change(), Types: sent.Types.Change(), Workspace: sent.Workspace.Change(),
			URL: sent.URL.Change(), Include: sent.Include.Change(), Batch: sent.Batch.Change(),
		}
	})
}

// change runs a command on a subscription, and returns its response.
func (s *subscriptions) change(c *transport.Call, w *transport.Write, path SubscriptionPath, command func(domain.Meta) domain.Command) (*transport.Written[Subscription], error) {
	result, err := c.Do(w, path.Organization, command)
	if err != nil {
		return nil, err
	}
	changed := result.State.Subscription(path.Organization, path.Subscription)
	if hasPlace(result) && result.Has(domain.SubscriptionPaused{}.EventType()) {
		s.deliverer.Pause(c, changed)
	}
	shown := s.show(c, c, changed, hasPlace(result))
	return transport.Wrote(result, "", changed.Version, &shown), nil
}

type subscriptionVerbInput struct {
	SubscriptionPath
	transport.WriteHeaders
}

type pauseSubscriptionBody struct {
	Reason string `json:"reason,omitzero" bounds:"reason" doc:"Why, for people." example:"Maintenance"`
}

type pauseSubscriptionInput struct {
	SubscriptionPath
	transport.WriteHeaders
	transport.OptionalJSONBody[pauseSubscriptionBody]
}

func (s *subscriptions) pause(c *transport.Call, in *pauseSubscriptionInput) (*transport.Written[Subscription], error) {
	return s.change(c, in.Write(), in.SubscriptionPath, func(m domain.Meta) domain.Command {
		return domain.PauseSubscription{Meta: m, ID: in.Subscription, Cause: domain.PauseRequested, Detail: in.Sent().Reason}
	})
}

func (s *subscriptions) resume(c *transport.Call, in *subscriptionVerbInput) (*transport.Written[Subscription], error) {
	return s.change(c, in.Write(), in.SubscriptionPath, func(m domain.Meta) domain.Command {
		return domain.ResumeSubscription{Meta: m, ID: in.Subscription}
	})
}

type rewindSubscriptionBody struct {
	From *string `json:"from" bounds:"from" nullable:"false" doc:"The first event to deliver: earliest, latest (what comes after the rewind), the position of an event like 3-17, or a time." example:"3-17"`
}

func (b *rewindSubscriptionBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/from", b.From != nil)}
}

type rewindSubscriptionInput struct {
	SubscriptionPath
	transport.WriteHeaders
	transport.JSONBody[rewindSubscriptionBody]
}

func (s *subscriptions) rewind(c *transport.Call, in *rewindSubscriptionInput) (*transport.Written[Subscription], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	from, err := firstOf(c, in.Organization, "/from", in.Sent().From)
	if err != nil {
		return nil, err
	}
	return s.change(c, in.Write(), in.SubscriptionPath, func(m domain.Meta) domain.Command {
		return domain.RewindSubscription{Meta: m, ID: in.Subscription, From: from}
	})
}

type skipEventBody struct {
	Position string `json:"position" bounds:"position" minLength:"3" doc:"The position of the event." example:"3-1043"`
	Reason   string `json:"reason" bounds:"reason" minLength:"1" doc:"Why the subscriber does without it. It is kept in the event." example:"The receiver cannot read it, ticket 4711"`
}

func (b *skipEventBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/position", b.Position != ""), transport.Require("/reason", b.Reason != "")}
}

type skipEventInput struct {
	SubscriptionPath
	transport.WriteHeaders
	transport.JSONBody[skipEventBody]
}

func (s *subscriptions) skip(c *transport.Call, in *skipEventInput) (*transport.Written[Subscription], error) {
	found, err := s.findEver(c, in.SubscriptionPath)
	if err != nil {
		return nil, err
	}
	at, err := positionIn(c, in.Organization, "/position", in.Sent().Position)
	if err != nil {
		return nil, err
	}
	if err := c.AwaitVisible(c.Log().Partition(in.Organization)); err != nil {
		return nil, err
	}
	next, there, err := s.deliverer.Next(c, &found)
	if err != nil && !errors.Is(err, subscription.ErrDeleted) {
		return nil, unavailable(err)
	}
	out, err := s.change(c, in.Write(), in.SubscriptionPath, func(m domain.Meta) domain.Command {
		return domain.SkipEvent{Meta: m, ID: in.Subscription, Number: at.Number, Next: next.Number, Set: found.Set, Why: in.Sent().Reason}
	})
	if !errors.Is(err, domain.ErrNotNext) {
		return out, err
	}
	if !there {
		return nil, transport.NotNext.Problem("nothing is undelivered, so there is nothing to skip")
	}
	at.Number = next.Number
	return nil, transport.NotNext.Problem("only the next undelivered event can be skipped, which is " + at.String())
}

type rotateSubscriptionSecretInput struct {
	SubscriptionPath
	transport.WriteHeaders
	transport.OptionalJSONBody[rotateTokenBody]
}

func (s *subscriptions) rotate(c *transport.Call, in *rotateSubscriptionSecretInput) (*transport.Written[CreatedSubscription], error) {
	found, err := s.findEver(c, in.SubscriptionPath)
	if err != nil {
		return nil, err
	}
	generation := found.Generation + 1 // as of everything that this node has acknowledged: see findEver
	secret, err := s.deliverer.NewSecret(c, found.Kind, found.ID, generation)
	if err != nil {
		return nil, err
	}
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.RotateSubscriptionSecret{
			Meta: m, ID: in.Subscription, Secret: auth.HashSecret(secret), Generation: generation, Overlap: in.Sent().overlap(),
		}
	})
	if err != nil {
		return nil, err
	}
	rotated := result.State.Subscription(in.Organization, in.Subscription)
	shown := CreatedSubscription{s.show(c, c, rotated, hasPlace(result)), result.Secret(secret)}
	return transport.Wrote(result, "", rotated.Version, &shown), nil
}

func (s *subscriptions) delete(c *transport.Call, in *subscriptionVerbInput) (*transport.Gone, error) {
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.DeleteSubscription{Meta: m, ID: in.Subscription}
	})
	if err != nil {
		return nil, err
	}
	return transport.Ended(result), nil
}

// firstOf returns the number of the first event to deliver that the text names, and 0 for what
// comes after the command, which is also what no text means.
func firstOf(c *transport.Call, org domain.OrganizationID, pointer string, text *string) (uint64, error) {
	if text == nil || *text == "latest" {
		return 0, nil
	}
	switch *text {
	case "earliest":
		return 1, nil
	}
	if looksLikePosition(*text) {
		at, err := positionIn(c, org, pointer, *text)
		return at.Number, err
	}
	at, err := transport.ParseTime(*text)
	if err != nil {
		return 0, transport.InvalidField(pointer, transport.CodeInvalidValue, "earliest, latest, a position like 3-1042, a time like 2026-03-05T23:09:47Z or a day like 2026-03-05 is expected")
	}
	if at.After(c.Now()) {
		return 0, nil
	}
	before, err := c.Log().NumberAt(c, c.Log().Partition(org), at)
	return before + 1, err
}
