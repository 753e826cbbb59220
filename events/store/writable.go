package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// heardOf is how long a replica may not have answered its leader and still counts for the
// quorum. Every replica answers about once a second. It is less than the four seconds after
// which replicas elect another leader.
const heardOf = 3 * time.Second

// never is a sequence that no partition comes to.
const never = 1 << 62

// Writable returns nil if the partition can be written to, and writes nothing. A leader
// must have heard of a quorum of the replicas just now, and must refuse a message for the
// sole reason that it expects another place.
func (p *Partition) Writable(ctx context.Context) error {
	if p.stream == nil {
		return errors.New("the log is read from its files")
	}
	return p.reach.attempt(ctx, func(ctx context.Context) error {
		if _, err := p.stream.current(ctx); err != nil {
			return err
		}
		_, err := p.store.JS.PublishMsg(ctx, &nats.Msg{Subject: logSubject(p.Number), Header: nats.Header{}},
			jetstream.WithRetryAttempts(0), jetstream.WithExpectStream(logStream(p.Number)), jetstream.WithExpectLastSequence(never))
		if IsConflict(err) {
			return nil
		}
		return fmt.Errorf("a message out of place was not refused as such: %w", err)
	})
}

// quorum returns an error if the stream has no leader, or if its leader has lost touch with
// most of the replicas.
func quorum(info *jetstream.StreamInfo) error {
	if info.Cluster == nil || info.Config.Replicas < 2 {
		return nil
	}
	if info.Cluster.Leader == "" {
		return errors.New("there is no leader")
	}
	answering := 1
	for _, r := range info.Cluster.Replicas {
		if !r.Offline && r.Active < heardOf {
			answering++
		}
	}
	if answering*2 <= info.Config.Replicas {
		return fmt.Errorf("only %d of %d replicas answer", answering, info.Config.Replicas)
	}
	return nil
}
