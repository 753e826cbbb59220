package credentials

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
)

// Gate is the authentication callback of an embedded server. It lets in whoever knows the
// server's own secret, to the account that holds the streams, and subscribers, to theirs. It
// can be attached to one server after the other. It is safe for concurrent use.
type Gate struct {
	secret string
	wait   time.Duration // how long a login waits that can be neither let in nor refused
	// maxReplies is how many requests the server may remember.
	maxReplies int
	watching   sync.WaitGroup

	mu          sync.Mutex
	admission   *admission     // nil until subscribers are admitted
	server      *server.Server // nil while none is attached
	account     *server.Account
	connections map[string][]uint64 // ids of the connections of each user
	changed     chan struct{}       // closed when the lookup or the server changes
	detached    chan struct{}       // closed when the server is about to be stopped
	watched     bool                // there is a goroutine that watches the server
}

// loginWait is above the server's own limit for a login. So the server says first that the
// login took too long. Clients then try again, which they might not if they were refused.
const loginWait = 2 * server.AUTH_TIMEOUT

// NewGate returns a gate for servers with the secret.
func NewGate(secret string) *Gate {
	return &Gate{
		secret: secret, wait: loginWait, maxReplies: maxReplies, connections: map[string][]uint64{},
		changed: make(chan struct{}), detached: make(chan struct{}),
	}
}

// Attach prepares a server that has been started for subscribers. The server must have the
// gate as its CustomClientAuthentication.
func (g *Gate) Attach(s *server.Server) error {
	account, err := prepare(s)
	if err != nil {
		return fmt.Errorf("preparing the embedded NATS server for subscribers: %w", err)
	}
	g.set(func() { g.server, g.account = s, account })
	return nil
}

// Detach ends what the gate does for a server that is about to be stopped. Logins that wait
// are refused.
func (g *Gate) Detach() {
	g.set(func() {
		g.server, g.account, g.connections, g.watched = nil, nil, map[string][]uint64{}, false
		close(g.detached)
		g.detached = make(chan struct{})
	})
	g.watching.Wait()
}

// prepare makes the account of the subscribers, with its imports and limits.
func prepare(s *server.Server) (*server.Account, error) {
	account, err := s.RegisterAccount(Account)
	if err != nil {
		return nil, err
	}
	streams := s.GlobalAccount()
	if err := streams.AddServiceExportWithResponse(exported, server.Streamed, []*server.Account{account}); err != nil {
		return nil, err
	}
	if err := streams.SetServiceExportResponseThreshold(exported, ReplyTimeout); err != nil {
		return nil, err
	}
	before := account.NumServiceImports()
	claims := jwt.NewAccountClaims(Account)
	claims.Limits.Subs, claims.Limits.Payload = MaxSubscriptions, MaxPayload
	for _, subject := range imported {
		claims.Imports.Add(&jwt.Import{Subject: jwt.Subject(subject), Account: streams.Name, Type: jwt.Service})
	}
	s.UpdateAccountClaims(account, claims) // logs why it leaves something out
	if n := account.NumServiceImports() - before; n != len(imported) {
		return nil, fmt.Errorf("only %d of %d subjects could be imported", n, len(imported))
	}
	return account, nil
}

// Admit lets subscribers in.
func (g *Gate) Admit(lookup Lookup) { g.set(func() { g.admission = newAdmission(lookup) }) }

// set changes the gate, and wakes logins that wait for a change.
func (g *Gate) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
	close(g.changed)
	g.changed = make(chan struct{})
}

// CanIssue returns nil.
func (g *Gate) CanIssue() error { return nil }

// Close does nothing: the gate ends with its server.
func (g *Gate) Close() {}

// Check reports whether a client may connect, and sets what it may do. It implements
// [server.Authentication].
func (g *Gate) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if o.Username == "" {
		return subtle.ConstantTimeCompare([]byte(o.Token), []byte(g.secret)) == 1
	}
	l := login{o.Username, o.Password}
	if !isID(l.user) {
		return false
	}
	timeout := time.NewTimer(g.wait)
	defer timeout.Stop()
	admission, account, detached := g.admitted(timeout.C)
	if admission == nil {
		return false
	}
	s, until, ok, err := admission.find(l, time.Now())
	if err != nil {
		outlast(timeout.C, detached)
		return false
	}
	if !ok || !g.note(l.user, c.GetID()) {
		return false
	}
	p := s.Permissions(l.user)
	c.RegisterUser(&server.User{
		Username: l.user, Account: account, ConnectionDeadline: until,
		Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: p.Publish},
			Subscribe: &server.SubjectPermission{Allow: p.Subscribe},
		},
	})
	// A change after the first look may have been followed by a Disconnect that did not see
	// this connection yet. A change after this second look is followed by one that does.
	again, _, ok, err := admission.look(l, time.Now())
	if err != nil {
		outlast(timeout.C, detached)
		return false
	}
	return ok && again == s
}

// outlast waits until the server has said that the login took too long, or until the gate is
// detached. The login is not refused then.
func outlast(timeout <-chan time.Time, detached <-chan struct{}) {
	select {
	case <-timeout:
	case <-detached:
	}
}

// admitted returns what logins are decided with and the account of the subscribers, and what
// is closed when the gate is detached. It waits until the timeout. The admission is nil if that
// was not enough.
func (g *Gate) admitted(timeout <-chan time.Time) (*admission, *server.Account, <-chan struct{}) {
	g.mu.Lock()
	detached := g.detached
	g.mu.Unlock()
	for {
		g.mu.Lock()
		admission, account, changed := g.admission, g.account, g.changed
		g.mu.Unlock()
		if admission != nil && account != nil {
			return admission, account, detached
		}
		select {
		case <-changed:
		case <-detached:
			return nil, nil, detached
		case <-timeout:
			return nil, nil, detached
		}
	}
}

// note keeps the id of a connection of the user. It returns false if there are too many.
func (g *Gate) note(user string, id uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.server == nil {
		return false
	}
	open := slices.DeleteFunc(g.connections[user], func(id uint64) bool { return g.server.GetClient(id) == nil })
	if len(open) >= MaxConnections {
		g.connections[user] = open
		return false
	}
	g.connections[user] = append(open, id)
	if s, detached := g.server, g.detached; !g.watched {
		g.watched = true
		g.watching.Go(func() { g.watch(s, detached) })
	}
	return true
}

// Disconnect closes the connections of the user.
func (g *Gate) Disconnect(user string) error {
	g.mu.Lock()
	s, ids := g.server, g.connections[user]
	delete(g.connections, user)
	g.mu.Unlock()
	for _, id := range ids {
		_ = s.DisconnectClientByID(id) // fails only for one that is gone
	}
	return nil
}
