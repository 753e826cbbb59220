package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
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
)

// Disconnect closes the connections of the user to all servers. If the servers are not
// configured to let Muster do that, it logs that the connections stay until they expire.
func (c *Callout) Disconnect(user string) error {
	request, err := json.Marshal(map[string]any{"auth": true, "user": user, "acc": Account, "limit": 1024})
	if err != nil {
		return err
	}
	inbox := c.conn.NewRespInbox()
	sub, err := c.conn.SubscribeSync(inbox)
	if err != nil {
		return fmt.Errorf("closing connections to NATS: %w", err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // fails only if the connection is closed
	if err := c.conn.PublishRequest(connectionsSubject, inbox, request); err != nil {
		return fmt.Errorf("closing connections to NATS: %w", err)
	}
	for wait := listWait; ; wait = listStall {
		m, err := sub.NextMsg(wait)
		switch {
		case errors.Is(err, nats.ErrTimeout) && wait == listStall:
			return nil // every server has replied
		case errors.Is(err, nats.ErrNoResponders), errors.Is(err, nats.ErrTimeout):
			c.logger.Warn("connections of a subscriber to NATS stay until they expire: the account of Muster does not import "+
				"what closes them (deploy/nats/subscribers.conf)", slog.String("subscription", user), slog.Duration("at_most", c.expires))
			return nil
		case err != nil:
			return fmt.Errorf("closing connections to NATS: %w", err)
		}
		if err := c.kick(m.Data); err != nil {
			return fmt.Errorf("closing connections to NATS: %w", err)
		}
	}
}

// kick closes the connections that a server has listed.
func (c *Callout) kick(list []byte) error {
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
	if err := json.Unmarshal(list, &l); err != nil {
		return err
	}
	for _, connection := range l.Data.Connections {
		request, err := json.Marshal(map[string]any{"cid": connection.ID})
		if err != nil {
			return err
		}
		// The response is not needed, but the server ignores what has no reply subject. Its
		// error can only be that the connection is gone.
		if _, err := c.conn.Request(kickSubject+l.Server.ID, request, listWait); err != nil {
			return err
		}
	}
	return nil
}
