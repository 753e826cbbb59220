package native

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/delivery"
)

type deliveriesInput struct {
	SubscriptionPath
	transport.ReadHeaders
	ListQuery
}

// Delivery is an attempt to deliver events.
type Delivery struct {
	ID       string         `json:"id" format:"uuid"`
	At       transport.Time `json:"at"`
	Position *string        `json:"position" bounds:"position" nullable:"true" doc:"Of the event, or of the first one of a batch; null for a ping." example:"3-1042"`
	Last     *string        `json:"last_position" bounds:"position" nullable:"true" doc:"Of the last event of a batch; null for a single event." example:"3-1060"`
	EventID  *string        `json:"event_id" bounds:"event" nullable:"true" doc:"Of the event, or of the first one of a batch; null for a ping." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
	Type     string         `json:"type" bounds:"event_type" example:"muster.member.added"`
	Attempt  int            `json:"attempt" bounds:"schema" doc:"Counted from 1 for each event." example:"1"`
	Outcome  string         `json:"outcome" enum:"delivered,failed,gone,refused" doc:"gone: the receiver has sent 410, which pauses the subscription. refused: nothing was sent, because the address may not be used."`
	Status   *int           `json:"status" minimum:"100" maximum:"999" nullable:"true" doc:"Of the receiver's answer; null if there was none." example:"204"`
	Latency  int64          `json:"latency_ms" bounds:"count" doc:"How long the attempt took." example:"42"`
	Error    *string        `json:"error" bounds:"answer" nullable:"true" doc:"Why it was not delivered." example:"the receiver answered 503 Service Unavailable"`
	Answer   *string        `json:"answer" bounds:"answer" nullable:"true" doc:"The beginning of the receiver's response, at most 1 KB; null if there is none, and for subscriptions that include profiles: a receiver may repeat them." example:"ok"`
	Next     transport.Time `json:"next_attempt_at" nullable:"true"`
}

func showDelivery(a *subscription.Attempt) Delivery {
	position := func(p *wire.Position) *string {
		if p == nil {
			return nil
		}
		return new(p.String())
	}
	shown := Delivery{
		ID: a.ID, At: transport.Time(a.At), Position: position(a.Position), Last: position(a.Last),
		Type: a.Type, Attempt: a.Attempt, Outcome: string(a.Outcome), Latency: a.Latency.Milliseconds(),
		Error: orNull(&a.Error), Answer: orNull(&a.Answer), Next: transport.Time(a.Next),
	}
	if a.EventID != (domain.EventID{}) {
		shown.EventID = new(a.EventID.String())
	}
	if a.Status != 0 {
		shown.Status = &a.Status
	}
	return shown
}

func (s *subscriptions) deliveries(c *transport.Call, in *deliveriesInput) (*Listing[Delivery], error) {
	found, err := s.find(c, in.SubscriptionPath)
	if err != nil {
		return nil, err
	}
	var before uint64
	if in.Cursor != "" {
		if before, err = strconv.ParseUint(in.Cursor, 10, 64); err != nil || before == 0 {
			return nil, transport.InvalidField("query.cursor", transport.CodeInvalidValue, "the next_cursor of the page before is expected")
		}
	}
	attempts, err := s.deliverer.Attempts(c, &found, before, in.PageSize+1)
	if err != nil {
		return nil, unavailable(err)
	}
	list := &List[Delivery]{Items: make([]Delivery, min(len(attempts), in.PageSize))}
	for i := range list.Items {
		list.Items[i] = showDelivery(&attempts[i])
	}
	if len(attempts) > in.PageSize {
		list.NextCursor = new(strconv.FormatUint(attempts[in.PageSize-1].Sequence, 10))
	}
	return &Listing[Delivery]{list}, nil
}

type pingSubscriptionInput struct{ SubscriptionPath }

// Pinged is the response to a ping.
type Pinged struct{ Body *Delivery }

func (s *subscriptions) ping(c *transport.Call, in *pingSubscriptionInput) (*Pinged, error) {
	found, err := s.find(c, in.SubscriptionPath)
	if err != nil {
		return nil, err
	}
	if found.Kind != domain.SubscriptionWebhook {
		return nil, transport.InvalidField("path.subscription", transport.CodeInvalidValue, "only a webhook can be pinged")
	}
	// Who may pause a subscription may have something sent by it. Nothing is paused here.
	if _, err := c.Do(&transport.Write{ValidateOnly: true}, in.Organization, func(m domain.Meta) domain.Command {
		return domain.PauseSubscription{Meta: m, ID: found.ID, Cause: domain.PauseRequested}
	}); err != nil {
		return nil, err
	}
	attempt, err := s.deliverer.Ping(c, &found)
	var lost *delivery.OtherSecretError
	if errors.As(err, &lost) {
		return nil, transport.SecretLost.Problem(err.Error())
	}
	if err != nil {
		return nil, unavailable(err)
	}
	shown := showDelivery(&attempt)
	return &Pinged{&shown}, nil
}

// unavailable is the error of something that JetStream could not do now.
func unavailable(err error) error { return fmt.Errorf("%w: %w", store.ErrUnavailable, err) }

// looksLikePosition reports whether the text can only be meant as a position.
func looksLikePosition(text string) bool {
	_, err := wire.ParsePosition(text)
	return err == nil
}

// positionIn returns the position that the text names. It refuses a position that is not the
// organization's, or that the log does not reach.
func positionIn(c *transport.Call, org domain.OrganizationID, pointer, text string) (wire.Position, error) {
	at, err := positionOf(c, org, pointer, text)
	if err != nil {
		return at, err
	}
	return at, c.CheckPosition(pointer, at)
}

// positionOf is like [positionIn], but the log may end before the position.
func positionOf(c *transport.Call, org domain.OrganizationID, pointer, text string) (wire.Position, error) {
	partition := c.Log().Partition(org)
	at, err := wire.ParsePosition(text)
	if err != nil || at.Partition != partition || at.Number == 0 {
		return at, transport.InvalidField(pointer, transport.CodeInvalidValue, "the position of an event of this organization is expected: they begin with "+strconv.Itoa(partition)+"-")
	}
	return at, nil
}

// pointerTo returns the JSON pointer to an element of a list.
func pointerTo(list string, i int) string { return list + "/" + strconv.Itoa(i) }
