package credentials

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
)

// Account is the NATS account that subscribers are in. It has no streams.
const Account = "SUBSCRIBERS"

// Bounds on what a subscriber may use, so that one that is greedy harms nobody else.
const (
	// MaxConnections is the most connections that a subscriber may have to an embedded
	// server. External servers cannot count them.
	MaxConnections = 16
	// MaxSubscriptions is the most NATS subscriptions that a connection may have.
	MaxSubscriptions = 1024
	// MaxPayload is the most bytes that a request may have. The longest is an
	// acknowledgement with a reason.
	MaxPayload = 16 << 10
	// MaxExpires is the longest time that a request for messages may stay open. A consumer
	// for subscribers must have it as MaxRequestExpires: the server forgets where replies go
	// [ReplyTimeout] after the last of them.
	MaxExpires = time.Minute
	// ReplyTimeout is how long the server remembers where the replies to a request go, if
	// there are none. NATS's own default is 2 minutes.
	ReplyTimeout = MaxExpires + 15*time.Second
)

// exported is the one subject that the streams' account exports.
const exported = "$JS.>"

// imported are the subjects that the account of the subscribers imports. No subscriber may use
// $JS.API.INFO. It is there because NATS would otherwise give the account all of $JS.API.> as
// an account without JetStream, and then each request would have two replies.
var imported = []string{"$JS.API.CONSUMER.MSG.NEXT.*.*", "$JS.API.CONSUMER.INFO.*.*", "$JS.ACK.>", "$JS.API.INFO"}

// Subscriber is what a subscriber may fetch, and how it proves who it is.
type Subscriber struct {
	Stream   string // that the consumer is on
	Consumer string // the durable consumer that may be fetched
	Secret   domain.Hash
	// Former is the secret before the last rotation, which is good until FormerUntil. It is
	// zero if there is none.
	Former      domain.Hash
	FormerUntil time.Time
}

// Lookup tells who the subscribers are. Its functions must be safe for concurrent use. A login
// waits for them, and servers wait for 2 seconds if nothing else is configured.
type Lookup struct {
	// Find returns the subscriber with the name, which is a subscription's id. It returns
	// false for an unknown or deleted one, and an error if that is not known at the moment.
	// Then the door does not refuse the login: it took too long for the server.
	Find func(user string) (Subscriber, bool, error)
	// CatchUp returns once Find knows of everything that was written anywhere before CatchUp
	// was called, or an error if it does not. A login is refused only after that, because
	// another node may just have given out the secret. It is called only once at a time.
	CatchUp func() error
}

// Hash returns what [Subscriber] has of a secret.
func Hash(secret string) domain.Hash { return sha256.Sum256([]byte(secret)) }

// Inbox returns the prefix that a subscriber's client must use for its inboxes, without a
// final dot. Client libraries call it the custom inbox prefix.
func Inbox(user string) string { return "_INBOX_" + strings.ReplaceAll(user, "-", "") }

// Permissions are the subjects that a client may use. It may use no others.
type Permissions struct {
	Publish   []string
	Subscribe []string
}

// Permissions returns the subjects that the subscriber may use as a user of that name.
//
// Acknowledgements have the form $JS.ACK.STREAM.CONSUMER.…, which NATS calls version 1. The
// feature flag js_ack_fc_v2 of the server must be off, as it is by default. Wildcards in front
// of the stream would allow the subscriber to acknowledge for any other consumer.
func (s Subscriber) Permissions(user string) Permissions {
	consumer := s.Stream + "." + s.Consumer
	return Permissions{
		Publish: []string{
			"$JS.API.CONSUMER.MSG.NEXT." + consumer,
			"$JS.API.CONSUMER.INFO." + consumer,
			"$JS.ACK." + consumer + ".>",
		},
		Subscribe: []string{Inbox(user) + ".>"},
	}
}

// valid reports whether the names can be part of a subject. A name that is a wildcard would
// permit every stream or consumer.
func (s Subscriber) valid() bool { return token(s.Stream) && token(s.Consumer) }

// token reports whether a name is one word of a subject.
func token(name string) bool { return name != "" && !strings.ContainsAny(name, ".*> \t\r\n") }

// accepts reports whether the secret is the subscriber's at that time, and until when it is.
// The zero time is for ever. It takes the same time for every secret.
func (s Subscriber) accepts(secret string, now time.Time) (until time.Time, ok bool) {
	got := Hash(secret)
	current := subtle.ConstantTimeCompare(got[:], s.Secret[:]) == 1 && !s.Secret.IsZero()
	former := subtle.ConstantTimeCompare(got[:], s.Former[:]) == 1 && !s.Former.IsZero()
	switch {
	case current:
		return time.Time{}, true
	case former && now.Before(s.FormerUntil):
		return s.FormerUntil, true
	}
	return time.Time{}, false
}
