package native

import (
	"errors"
	"net/http"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/webhook"
)

// Reversal is what reverting an event has done, or would do.
type Reversal struct {
	Reverted RawEvent   `json:"reverted" doc:"The event that was reverted."`
	Events   []RawEvent `json:"events" nullable:"false" maxItems:"10" doc:"The events that undo it. With validate_only they are those that would be written; their id, time and sequence are not final then."`
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (r *Reversal) AppendJSON(b []byte) []byte {
	b = append(append(b, `{"reverted":`...), r.Reverted.Value...)
	return append(appendList(append(b, `,"events":`...), r.Events, func(b []byte, e *RawEvent) []byte { return append(b, e.Value...) }), '}')
}

func revertOperation(path, tag string) transport.Operation {
	return transport.Operation{
		ID: "revert-event", Method: http.MethodPost, Path: path,
		Reach: transport.ReachOrganization, Scope: transport.AnyScope, Tag: tag, Errors: []int{http.StatusForbidden},
		Summary: "Revert an event",
		Description: "Undoes what one event has changed, by the command that makes the opposite change: a member who was added is removed, a role is changed back, a member who was removed is added again with the role, permissions and end of before. Nothing is taken out of the log: the change back is a new event, whose causationid is the reverted event. Other events of the same command stay. " +
			"The token needs the scope of that command, for example workspace_members:delete to revert muster.member.added, and all of its rules hold. With validate_only the response shows what would be done. Without events:read the events of the response have no profiles. " +
			"If another event has changed since what the event had changed, the response is 409 changed_since, and event_id names that event. Events without an opposite are 409 not_reversible, and detail says what helps instead: a new organization or workspace, tokens and secrets, an accepted invitation, and whatever has ended by its own end. If-Match is about the resource that is changed back.",
		Do: transport.Command(revertEvent),
	}
}

type revertEventInput struct {
	EventPath
	transport.WriteHeaders
}

// revertPatience is how long a revert waits for the events that come while it looks.
const revertPatience = 2 * time.Second

func revertEvent(c *transport.Call, in *revertEventInput) (*transport.Committed[Reversal], error) {
	if err := c.FindOrganization(in.Organization); err != nil {
		return nil, err
	}
	if err := c.AwaitShown(in.Organization); err != nil { // the event may just have been written
		return nil, err
	}
	found, err := in.find(c)
	if err != nil {
		return nil, err
	}
	text, err := c.Log().Show(c, found)
	if err != nil {
		return nil, err
	}
	event, _, err := wire.Decode(text)
	if err != nil {
		return nil, err
	}
	result, err := revertPatiently(c, in, &event.Recorded)
	if err != nil {
		return nil, err
	}
	shown := Reversal{Reverted: RawEvent{text}}
	if shown.Events, err = writtenEvents(c, in.Organization, result); err != nil {
		return nil, err
	}
	if !c.Bearer().Allows(eventsScope) {
		if err := shown.withoutProfiles(); err != nil {
			return nil, err
		}
	}
	return transport.Commit(result, &shown), nil
}

// eventsScope is the scope of whoever may read what the events say of people.
const eventsScope = domain.Scope("events:read")

// withoutProfiles takes the personal data out of the events.
func (r *Reversal) withoutProfiles() (err error) {
	if r.Reverted.Value, err = webhook.Thin(r.Reverted.Value); err != nil {
		return err
	}
	for i := range r.Events {
		if r.Events[i].Value, err = webhook.Thin(r.Events[i].Value); err != nil {
			return err
		}
	}
	return nil
}

// revertPatiently reverts the event once it can be seen here what others are just changing.
func revertPatiently(c *transport.Call, in *revertEventInput, event *domain.Recorded) (transport.Result, error) {
	come, stop := c.Log().Watch(in.Organization)
	defer stop()
	result, err := revert(c, in, event)
	if !errors.Is(err, domain.ErrChangedMeanwhile) {
		return result, err
	}
	ctx, cancel := c.WhileServing(revertPatience)
	defer cancel()
	for errors.Is(err, domain.ErrChangedMeanwhile) {
		select {
		case <-come:
		case <-ctx.Done():
			return result, err
		}
		result, err = revert(c, in, event)
	}
	return result, err
}

// revert looks up what the command must know of the event's past and of what came after it,
// and runs the command.
func revert(c *transport.Call, in *revertEventInput, event *domain.Recorded) (transport.Result, error) {
	if err := c.AwaitVisible(c.Log().Partition(in.Organization)); err != nil {
		return transport.Result{}, err
	}
	life, err := lifeAround(c, event)
	if err != nil {
		return transport.Result{}, err
	}
	undoing, err := domain.Undo(domain.Meta{Organization: in.Organization}, event, life.before)
	if err != nil {
		undoing.Scope = eventsScope // the response says what the event is
	}
	if !c.Bearer().Allows(undoing.Scope) {
		return transport.Result{}, transport.LacksScope(undoing.Scope, " to revert this event")
	}
	return c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.Revert{Meta: m, Event: event, Before: life.before, Seen: life.seen, Since: life.since}
	})
}

// writtenEvents returns the events that the command has written, or would have written.
func writtenEvents(c *transport.Call, org domain.OrganizationID, result transport.Result) ([]RawEvent, error) {
	if result.ValidateOnly {
		list := make([]RawEvent, len(result.Tried))
		for i := range result.Tried {
			tried := result.Tried[i]
			if set, ok := tried.Event.(domain.UserProfileSet); ok { // as Show would show it: nobody has sealed it
				set.Sealed = domain.SealedProfile{}
				tried.Event = set
			}
			shown, err := wire.Encode(nil, result.Position.Partition, &tried)
			if err != nil {
				return nil, err
			}
			list[i].Value = shown
		}
		return list, nil
	}
	list := make([]RawEvent, len(result.Types))
	if len(list) == 0 {
		return list, nil
	}
	if err := c.AwaitShown(org); err != nil {
		return nil, err
	}
	for i := range list {
		written, err := c.Log().EventAt(c, org, result.Position.Number-uint64(len(list)-1-i)) //nolint:gosec // not negative
		if err != nil {
			return nil, err
		}
		if list[i].Value, err = c.Log().Show(c, written); err != nil {
			return nil, err
		}
	}
	return list, nil
}
