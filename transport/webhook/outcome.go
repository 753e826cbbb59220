package webhook

import (
	"time"

	"github.com/muster-dev/muster/events/subscription"
)

// Outcome is what came of an attempt, in the words in which attempts are kept.
type Outcome = subscription.OutcomeKind

// The outcomes. What is not delivered has to be sent again, or the subscription paused.
const (
	Delivered = subscription.Delivered // the receiver has it: a status from 200 to 299
	Failed    = subscription.Failed    // any other response than 2xx and 410, or none
	Gone      = subscription.Gone      // 410: the receiver wants no more
	Refused   = subscription.Refused   // Muster made no connection, because the address may not be used
)

// Result describes an attempt.
type Result struct {
	Outcome Outcome
	// At is when the attempt began, which is also the time of the signature.
	At     time.Time
	Status int // of the response; 0: there was none
	// Latency is how long the attempt took, until the response was read or the error known.
	Latency time.Duration
	// RetryAfter is how long the receiver asks to be left alone (RFC 9110 §10.2.3), at most
	// [MaxRetryAfter]; 0: it did not ask. It is never set for what was delivered. The next
	// attempt is due after this time or after what the caller would wait anyway, whichever
	// is longer.
	RetryAfter time.Duration
	// Error says for the subscriber why it is not delivered. It is empty for what was.
	Error string
	// Answer is the beginning of the response's body, at most [MaxAnswer] bytes of valid UTF-8
	// without control characters other than tabs and line breaks.
	Answer string
	// Cause is the error behind Error, nil if there was a response. It is for the operator's
	// log: it can name addresses of the operator's network.
	Cause error
}
