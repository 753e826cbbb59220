package personal

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
)

// codeNoPeers is JetStream's error if it does not know of enough servers for a stream.
const codeNoPeers jetstream.ErrorCode = 10005

// Every server of a cluster overwrites a key in its stream. What their consensus has written beside the
// stream is another matter, see [stream].
func TestClustersDestroyKeys(t *testing.T) {
	var servers []outside
	for _, s := range natstest.Cluster(t) {
		servers = append(servers, outside{s, s.StoreDir()})
	}
	node := func(o outside) *Keys {
		s := o.servers(t)
		s.Beside = func(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
			c.Replicas = len(servers)
			for {
				made, err := s.JS.CreateOrUpdateStream(ctx, c)
				var refused *jetstream.APIError
				if !errors.As(err, &refused) || refused.ErrorCode != codeNoPeers {
					return made, err
				}
				time.Sleep(50 * time.Millisecond) // the leader has not heard of all servers yet, or not lately
			}
		}
		k, err := Open(within(t), Options{Servers: &s, Pool: testPool})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = k.Close() })
		return k
	}
	one, two := node(servers[0]), node(servers[1])
	keys := take(t, one, 10)
	for _, key := range keys {
		if found, err := two.Find(within(t), key.id); err != nil || found.secret != key.secret {
			t.Fatalf("%v: %v", key, err)
		}
	}
	copies := func() (n int) {
		for _, o := range servers {
			n += sum(occurrences(t, filepath.Join(o.dir, server.DEFAULT_GLOBAL_ACCOUNT, "streams", StreamName), keys[:1]))
		}
		return n
	}
	until(t, func() bool { return copies() == len(servers) })
	if err := one.Destroy(within(t), keys[0].id); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return copies() == 0 })
	until(t, func() bool { _, err := two.Find(within(t), keys[0].id); return errors.Is(err, ErrErased) })
	if _, err := two.Find(within(t), keys[1].id); err != nil {
		t.Error(err)
	}
}
