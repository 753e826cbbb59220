package events

import (
	"errors"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/store"
)

// What JetStream refuses for good is refused at once, as not done, although the log
// cannot be asked what is in the message's place.
func TestAKnownRefusalIsNotUnknown(t *testing.T) {
	a, e := appenderOf(t)
	e.Payload = make([]byte, 2*store.MaxPayload)
	begun := time.Now()
	if err := a.publish(e); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("a message that is too large: %v", err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("refused after %s", took)
	}
}
