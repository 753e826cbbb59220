package events

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/domain"
)

// writerOf is a log with a tip that can be appended to past its writer, as another
// process would, or an earlier try whose answer was lost.
func writerOf(t *testing.T) (*writer, Checkpoint, []byte) {
	t.Helper()
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	a := found(t, n)
	w := n.partitions[0].writer
	tip, err := n.tip(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	add := a.add()
	r := record(add.Meta, tip.Time, tip.Number+1, domain.MemberAdded{
		About: domain.About{Organization: a.org, Workspace: a.ws, User: add.User}, Membership: add.Membership, Role: add.Role,
	})
	ids := eventIDs{tip.ID}
	r.ID = ids.next(tip.Time)
	payload, err := encode([]byte{'['}, 0, &r)
	if err != nil {
		t.Fatal(err)
	}
	return w, tip, append(payload, ']')
}

// An append whose acknowledgement was lost is found, not repeated.
func TestALostAcknowledgementIsLookedUp(t *testing.T) {
	w, tip, payload := writerOf(t)
	for try := range 3 {
		if err := w.append(tip, payload); err != nil {
			t.Fatalf("try %d: %v", try, err)
		}
	}
	if last, err := w.log.lastMessage(t.Context(), 0); err != nil || last != tip.Message+1 {
		t.Fatalf("the log ends at message %d, not %d (%v)", last, tip.Message+1, err)
	}
}

// Another message in the place is a conflict, whatever the code that JetStream
// says it with.
func TestAnotherMessageIsAConflict(t *testing.T) {
	w, tip, payload := writerOf(t)
	other := message(logSubject(0), "another process", tip, append([]byte{' '}, payload...))
	if _, err := w.log.js.PublishMsg(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if err := w.append(tip, payload); !errors.Is(err, errConflict) {
		t.Fatal(err)
	}
}

// A damaged header is damage, not a message of number 0.
func TestOpenRefusesWhatIsNotOurs(t *testing.T) {
	good := message("s", "w", Checkpoint{}, nil).Header
	for _, name := range []string{headerFirst, headerPrevious} {
		for _, value := range []string{"", "0", "x", "-1"} {
			header := nats.Header{}
			for k, v := range good {
				header[k] = v
			}
			header.Set(name, value)
			if _, err := open(1, header, nil); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: %q is taken: %v", name, value, err)
			}
		}
	}
}
