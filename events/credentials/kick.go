package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"
)

// Subjects that the account of the streams imports from the system account, if the servers are
// configured so. The first is $SYS.REQ.SERVER.PING.CONNZ, which every server replies to, and the
// second $SYS.REQ.SERVER.*.KICK.
const (
	connectionsSubject = "muster.servers.connections"
	kickSubject        = "muster.servers.kick."
)

const (
	// listWait is how long the first server may take to list connections.
	listWait = 2 * time.Second
	// listStall is how long the next server may take after that.
	listStall = 500 * time.Millisecond
	// listPage is how many connections a server lists at once.
	listPage = 1024
	// kickAtOnce is how many connections are closed at once.
	kickAtOnce = 32
)

// errNotImported reports that no server can be asked which connections it has.
var errNotImported = errors.New("no server lists its connections")

// Disconnect closes the connections of the user to all servers. If the servers are not
// configured to let Muster do that, it logs that the connections stay until they expire. If it
// returns an error, it has closed as many as it could.
func (c *Callout) Disconnect(user string) error {
	connections := make(map[string][]uint64) // ids by the id of the server
	var errs []error
	for offset, more := 0, true; more; offset += c.page { // all are listed before any is closed, because that moves the pages
		var err error
		if more, err = c.list(user, offset, connections); err != nil {
			errs = append(errs, err)
		}
	}
	if len(connections) == 0 && len(errs) == 1 && errors.Is(errs[0], errNotImported) {
		c.logger.Warn("connections of a subscriber to NATS stay until they expire: the account of Muster does not import "+
			"what closes them (deploy/nats/subscribers.conf)", slog.String("subscription", user), slog.Duration("at_most", c.expires))
		return nil
	}
	for server, ids := range connections {
		errs = append(errs, c.kick(server, ids))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing connections to NATS: %w", err)
	}
	return nil
}

// list adds a page of each server's connections of the user. It reports whether a server may
// have more. What one server has listed is added also if another one fails.
func (c *Callout) list(user string, offset int, connections map[string][]uint64) (more bool, err error) {
	request, err := json.Marshal(map[string]any{"auth": true, "user": user, "acc": Account, "offset": offset, "limit": c.page})
	if err != nil {
		return false, err
	}
	inbox := c.conn.NewRespInbox()
	sub, err := c.conn.SubscribeSync(inbox)
	if err != nil {
		return false, err
	}
	defer sub.Unsubscribe() //nolint:errcheck // fails only if the connection is closed
	if err := c.conn.PublishRequest(connectionsSubject, inbox, request); err != nil {
		return false, err
	}
	var errs []error
	for wait := listWait; ; wait = listStall {
		m, err := sub.NextMsg(wait)
		switch {
		case errors.Is(err, nats.ErrTimeout) && wait == listStall: // every server has replied
			return more, errors.Join(errs...)
		case errors.Is(err, nats.ErrNoResponders), errors.Is(err, nats.ErrTimeout):
			return false, errNotImported
		case err != nil:
			return false, errors.Join(append(errs, err)...)
		}
		var l struct {
			Server struct {
				ID string `json:"id"`
			} `json:"server"`
			Data struct {
				Connections []struct {
					ID uint64 `json:"cid"`
				} `json:"connections"`
			} `json:"data"`
		}
		if err := json.Unmarshal(m.Data, &l); err != nil {
			errs = append(errs, fmt.Errorf("reading a list of connections: %w", err))
			continue
		}
		for _, connection := range l.Data.Connections {
			connections[l.Server.ID] = append(connections[l.Server.ID], connection.ID)
		}
		more = more || len(l.Data.Connections) >= c.page
	}
}

// kick closes connections to one server.
func (c *Callout) kick(server string, ids []uint64) error {
	errs := make([]error, len(ids))
	var kicks errgroup.Group
	kicks.SetLimit(kickAtOnce)
	for i, id := range ids {
		kicks.Go(func() error {
			request, err := json.Marshal(map[string]any{"cid": id})
			if err == nil {
				// The response is not needed, but the server ignores what has no reply subject.
				// Its error can only be that the connection is gone.
				_, err = c.conn.Request(kickSubject+server, request, listWait)
			}
			errs[i] = err
			return nil
		})
	}
	_ = kicks.Wait()
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d connections to server %s: %w", len(errs), len(ids), server, errs[0])
}
