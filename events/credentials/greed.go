package credentials

import (
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// maxReplies is how many requests of all subscribers an embedded server may remember in
	// order to route the replies. Each takes about 1 KB, until [ReplyTimeout] has passed or the
	// client has left the inbox. A client that asks for 500 messages at a time has a few.
	maxReplies = 100_000
	// greedEvery is how often that is checked while there are subscribers. No event tells it.
	greedEvery = time.Second
)

// watch disconnects whoever sends the most requests, each time that there are too many. It
// ends when the server is detached.
func (g *Gate) watch(s *server.Server, detached <-chan struct{}) {
	tick := time.NewTicker(greedEvery)
	defer tick.Stop()
	sent := map[uint64]int64{}
	for {
		select {
		case <-detached:
			return
		case <-tick.C:
		}
		if s.GlobalAccount().NumPendingAllResponses() <= g.maxReplies/2 {
			continue // so far below the limit that nobody needs to be counted
		}
		list, err := s.Connz(&server.ConnzOptions{Account: Account, Limit: s.NumClients()})
		if err != nil {
			continue // the server is being stopped
		}
		greediest, most := uint64(0), int64(0)
		now := make(map[uint64]int64, len(list.Conns))
		for _, c := range list.Conns {
			now[c.Cid] = c.InMsgs
			if n := c.InMsgs - sent[c.Cid]; n > most {
				greediest, most = c.Cid, n
			}
		}
		sent = now
		if most > 0 && s.GlobalAccount().NumPendingAllResponses() > g.maxReplies {
			_ = s.DisconnectClientByID(greediest) // fails only if it is gone
		}
	}
}
