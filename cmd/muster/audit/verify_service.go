package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// service checks what a token can see of a running service: one organization's events, and its
// members as the API shows them.
func (v *verifier) service(ctx context.Context, a asking, source node.Source) error {
	if err := a.begin(ctx, source); err != nil {
		if failed := (terminal.Failure{}); errors.As(err, &failed) {
			return err
		}
		return terminal.Fail(err, terminal.StatusBlind)
	}
	state, last, err := v.events(ctx, &a)
	if err == nil && v.broken == 0 {
		err = v.members(ctx, &a, state, last)
	}
	if err != nil {
		return terminal.Fail(fmt.Errorf("could not check: %w", err), terminal.StatusBlind)
	}
	const log = "left out: it needs the log itself (--data or --nats-url)"
	v.skip("gaps and chain", "left out: between these events are those of other organizations, and the API does not show the hashes; it needs the log itself (--data or --nats-url)")
	for _, check := range append([]string{checkpointsCheck}, directoryChecks...) {
		v.skip(check, "%s", log)
	}
	return v.verdict()
}

// disorder returns what is wrong with an event that follows the other one. It returns "" if
// nothing is.
func disorder(before, e *asked, a *asking) string {
	switch {
	case e.Event.Concerns().Organization != a.organization:
		return "it is of another organization"
	case before == nil:
		return ""
	case e.at.Partition != before.at.Partition || e.at.Number <= before.at.Number:
		return fmt.Sprintf("it follows %s", before.at)
	case e.ID.Compare(before.ID) <= 0:
		return fmt.Sprintf("its id does not follow that of %s", before.at)
	case e.Time.Before(before.Time):
		return fmt.Sprintf("its time is before that of %s", before.at)
	}
	return ""
}

// events reads all events of the organization, and returns the state that they fold to and the
// last one.
func (v *verifier) events(ctx context.Context, a *asking) (*domain.State, *asked, error) {
	const check = "events"
	var state domain.State
	var last *asked
	count := 0
	for e, err := range a.each(ctx) {
		if errors.Is(err, wire.ErrUnknownType) || errors.Is(err, wire.ErrUnknownSchema) {
			return nil, nil, fmt.Errorf("%w: take the muster of the service's version", err)
		}
		if err != nil {
			return nil, nil, err
		}
		if wrong := disorder(last, e, a); wrong != "" {
			v.fail(check, "event %s at %s: %s", e.ID, e.at, wrong)
			return nil, nil, nil
		}
		domain.Evolve(&state, &e.Recorded)
		last = e
		count++
	}
	if last == nil {
		return nil, nil, fmt.Errorf("the organization has no events")
	}
	v.ok(check, "%d events in their order, with ids and times that ascend; the last is %s", count, last.at)
	return &state, last, nil
}

// memberTries is how often the members are asked for again because the organization has changed
// meanwhile.
const memberTries = 5

// members compares the members that the API shows with those that the events fold to.
func (v *verifier) members(ctx context.Context, a *asking, state *domain.State, last *asked) error {
	const check = "members"
	for range memberTries {
		at := time.Now()
		shown, err := a.members(ctx)
		if err != nil {
			return err
		}
		later := asking{Client: a.Client, window: window{organization: a.organization, from: moment{position: wire.Position{Partition: last.at.Partition, Number: last.at.Number + 1}}}}
		changed := false
		for e, err := range later.each(ctx) {
			if err != nil {
				return err
			}
			domain.Evolve(state, &e.Recorded)
			last, changed = e, true
		}
		if changed {
			continue
		}
		if last.Time.After(at) { // the clocks differ
			at = last.Time
		}
		if different := differs(shown, a.memberships(state, at)); different != "" {
			v.fail(check, "%s", different)
			return nil
		}
		v.ok(check, "%d memberships, as the events fold to", len(shown))
		return nil
	}
	v.skip(check, "left out: the organization changes all the time")
	return nil
}

// differs returns what differs between memberships that the API shows and those of the events.
// It returns "" if nothing does.
func differs(shown, folded []client.Membership) string {
	for i := range max(len(shown), len(folded)) {
		switch {
		case i >= len(shown) || i < len(folded) && shown[i].ID != folded[i].ID && len(shown) < len(folded):
			return fmt.Sprintf("the API does not show membership %s of user %s", folded[i].ID, folded[i].User)
		case i >= len(folded) || shown[i].ID != folded[i].ID:
			return fmt.Sprintf("the API shows membership %s of user %s, which no event has made", shown[i].ID, shown[i].User)
		}
		one, _ := json.Marshal(shown[i]) // our own types always encode
		other, _ := json.Marshal(folded[i])
		if string(one) != string(other) {
			return fmt.Sprintf("the API shows membership %s as %s, and the events fold to %s", shown[i].ID, one, other)
		}
	}
	return ""
}
