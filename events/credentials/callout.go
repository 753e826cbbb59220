package credentials

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
)

// The auth callout of NATS servers (ADR-26).
const (
	calloutSubject = "$SYS.REQ.USER.AUTH"
	calloutXKey    = "Nats-Server-Xkey" // header of an encrypted request
	calloutQueue   = "muster"           // one node gets each request
)

// Expires is how long a connection to an external server may last. Its client then makes
// another one. This bounds how long a connection stays that [Callout.Disconnect] could not
// close.
const Expires = 15 * time.Minute

// maxLogins is how many logins are decided at once.
const maxLogins = 256

// Callout tells external servers who may connect, with the auth callout of NATS. Any number of
// nodes may do that at once, if they have the same keys. It is safe for concurrent use.
type Callout struct {
	conn    *nats.Conn // in the account that holds the streams
	urls    []string   // where subscribers connect
	keys    *Keys
	logger  *slog.Logger
	expires time.Duration
	page    int // how many connections a server lists at once

	mu      sync.Mutex
	sub     *nats.Subscription // nil until subscribers are admitted
	closed  bool
	logins  sync.WaitGroup // that are being decided
	slots   chan struct{}  // has an element for each of them
	checked atomic.Bool    // the servers are configured
}

// NewCallout returns a callout on the connection, which must be to the account that holds the
// streams. The URLs, separated by commas, are of the same servers. A user and a password in
// them are not used.
func NewCallout(conn *nats.Conn, urls string, keys *Keys, logger *slog.Logger) *Callout {
	return &Callout{conn: conn, urls: PublicURLs(urls), keys: keys, logger: logger, expires: Expires, page: listPage, slots: make(chan struct{}, maxLogins)}
}

// admitFor bounds how long Admit waits for the server.
const admitFor = 5 * time.Second

// Admit begins to serve the servers. When it returns, the server that Muster is connected to
// knows of it, unless it does not respond.
func (c *Callout) Admit(lookup Lookup) {
	c.serve(lookup)
	_ = c.conn.FlushTimeout(admitFor) // otherwise the server learns of it a little later
}

func (c *Callout) serve(lookup Lookup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sub != nil || c.closed {
		return
	}
	a := newAdmission(lookup)
	sub, err := c.conn.QueueSubscribe(calloutSubject, calloutQueue, func(m *nats.Msg) { c.receive(m, a) })
	if err != nil {
		c.logger.Error("cannot let subscribers in to NATS", slog.Any("error", err)) // the connection is closed
		return
	}
	c.sub = sub
}

// receive has a login decided beside the others, because some take long. If there are too
// many, it waits.
func (c *Callout) receive(m *nats.Msg, a *admission) {
	c.slots <- struct{}{}
	free := func() { <-c.slots }
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		free()
		return
	}
	c.logins.Go(func() {
		defer free()
		c.respond(m, a)
	})
}

// Close ends the service, after the logins that are being decided. Other nodes go on.
func (c *Callout) Close() {
	c.mu.Lock()
	c.closed = true
	if c.sub != nil {
		_ = c.sub.Unsubscribe() // fails only if the connection is closed
	}
	c.mu.Unlock()
	c.logins.Wait()
}

// respond decides one login. It does not respond to a request that cannot be understood, nor
// while nobody knows who the subscriber is: the server then refuses the login by itself, after it
// has waited.
func (c *Callout) respond(m *nats.Msg, a *admission) {
	server := m.Header.Get(calloutXKey)
	text, err := c.keys.open(m.Data, server)
	if err != nil {
		c.logger.Error("a login to NATS could not be decrypted", slog.Any("error", err))
		return
	}
	request, err := jwt.DecodeAuthorizationRequestClaims(string(text))
	if err != nil {
		c.logger.Warn("a login to NATS could not be read", slog.Any("error", err))
		return
	}
	response, err := c.decide(request, a)
	if err == nil {
		response, err = c.keys.seal(response, server)
	}
	if err == nil {
		err = m.Respond(response)
	}
	if err != nil {
		c.logger.Warn("a login to NATS could not be decided", slog.Any("error", err))
	}
}

// decide returns the response to a login, signed.
func (c *Callout) decide(request *jwt.AuthorizationRequestClaims, a *admission) ([]byte, error) {
	r := jwt.NewAuthorizationResponseClaims(request.UserNkey)
	r.Audience = request.Server.ID
	o := request.ConnectOptions
	l := login{o.Username, o.Password}
	now := time.Now()
	p, until, ok, err := c.permissions(l, a, now)
	if err != nil {
		return nil, err
	}
	if !ok {
		r.Error = "the user or the password is wrong, or the subscription was deleted"
	} else {
		u := jwt.NewUserClaims(request.UserNkey)
		u.Name, u.Audience, u.Expires = l.user, Account, expiry(now, c.expires, until).Unix()
		u.Pub.Allow.Add(p.Publish...)
		u.Sub.Allow.Add(p.Subscribe...)
		u.Subs, u.Limits.Payload = MaxSubscriptions, MaxPayload
		if r.Jwt, err = u.Encode(c.keys.signer); err != nil {
			return nil, fmt.Errorf("signing: %w", err)
		}
	}
	text, err := r.Encode(c.keys.signer)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return []byte(text), nil
}

// permissions returns what a login may do, and until when. It returns an error if that is not
// known at the moment.
func (c *Callout) permissions(l login, a *admission, now time.Time) (p Permissions, until time.Time, ok bool, err error) {
	if c.isProbe(l) {
		return probePermissions(), time.Time{}, true, nil
	}
	s, until, ok, err := a.find(l, now)
	return s.Permissions(l.user), until, ok, err
}

// expiry returns when a connection ends, in whole seconds, as JWTs have them. It is in the
// future, and not after until, unless that is the zero time.
func expiry(now time.Time, lasts time.Duration, until time.Time) time.Time {
	end := now.Add(lasts)
	if !until.IsZero() && until.Before(end) {
		end = until
	}
	if end = end.Truncate(time.Second); !end.After(now) {
		end = end.Add(time.Second)
	}
	return end
}

// ErrNoCallout is why no credentials can be issued for an external NATS server without
// callout.
var ErrNoCallout = errors.New("subscriptions of kind nats need NATS servers that ask Muster who may connect: " +
	"configure the servers as in deploy/nats/subscribers.conf, and start muster serve with --nats-callout-seed")

// ErrNotListening is why no credentials can be issued for an embedded NATS server that does not
// listen.
var ErrNotListening = errors.New("subscriptions of kind nats need a NATS server that subscribers can connect to: " +
	"start muster serve with --nats-listen, or use external NATS servers")
