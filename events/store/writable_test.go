package store

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Asking whether a partition can be written to writes nothing.
func TestWritableWritesNothing(t *testing.T) {
	s, end := start(t, t.TempDir())
	p := s.Partitions[0]
	write(t, p, 1)
	if err := p.Writable(t.Context()); err != nil {
		t.Error(err)
	}
	if last, err := p.Last(t.Context()); err != nil || last != 1 {
		t.Errorf("the log ends at %d: %v", last, err)
	}
	_ = end()
	if err := p.Writable(t.Context()); err == nil {
		t.Error("writable although the server has ended")
	}
}

// A leader counts only with replicas that have answered it just now.
func TestQuorum(t *testing.T) {
	here, gone := &jetstream.PeerInfo{Active: time.Second}, &jetstream.PeerInfo{Active: time.Minute}
	for name, test := range map[string]struct {
		cluster *jetstream.ClusterInfo
		ok      bool
	}{
		"alone":          {nil, true},
		"all":            {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{here, here}}, true},
		"one is gone":    {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{gone, here}}, true},
		"both are gone":  {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{gone, gone}}, false},
		"one is offline": {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{{Offline: true}, gone}}, false},
		"nobody leads":   {&jetstream.ClusterInfo{Replicas: []*jetstream.PeerInfo{here, here}}, false},
	} {
		info := &jetstream.StreamInfo{Config: jetstream.StreamConfig{Replicas: 3}, Cluster: test.cluster}
		if err := quorum(info); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
