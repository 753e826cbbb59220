package events

import (
	"errors"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// appenderOf returns the appender of a log, and a message that continues the log. The
// message can be appended past it, as another process would do, or as an earlier
// try whose acknowledgement was lost.
func appenderOf(t *testing.T) (*appender, wire.Envelope) {
	t.Helper()
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	org := found(t, n)
	a := n.partitions[0].writer.appender
	tip, err := n.partitions[0].Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	add := org.add()
	r := record(add.Meta, tip.Time, tip.Number+1, domain.MemberAdded{
		About: domain.About{Organization: org.org, Workspace: org.ws, User: add.User}, Membership: add.Membership, Role: add.Role,
	})
	ids := wire.EventIDs{Last: tip.ID}
	r.ID = ids.Next(tip.Time)
	payload, err := wire.Append(nil, 0, &r)
	if err != nil {
		t.Fatal(err)
	}
	return a, wire.Next(tip, a.id, append(payload, ']'))
}

// An append whose acknowledgement was lost is found in the log and not repeated.
func TestALostAcknowledgementIsLookedUp(t *testing.T) {
	a, e := appenderOf(t)
	for try := range 3 {
		if err := a.publish(e); err != nil {
			t.Fatalf("try %d: %v", try, err)
		}
	}
	if last, err := a.log.Last(t.Context()); err != nil || last != e.Sequence {
		t.Fatalf("the log ends at message %d, not %d (%v)", last, e.Sequence, err)
	}
}

// Another message in the place is a conflict, whichever code JetStream reports it with.
func TestAnotherMessageIsAConflict(t *testing.T) {
	a, e := appenderOf(t)
	other := e
	other.Writer, other.Payload = "another process", append([]byte{' '}, e.Payload...)
	if err := a.log.Append(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if err := a.publish(e); !errors.Is(err, errConflict) {
		t.Fatal(err)
	}
}
