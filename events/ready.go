package events

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// failureLasts is how long a partition counts as not writable after an append
// that failed, unless one succeeds before.
const failureLasts = 5 * time.Second

// Ready answers nil when commands can be taken and history can be followed, and
// the reason otherwise.
func (l *Log) Ready(_ context.Context) error {
	if l.closing.Err() != nil {
		return errors.New("shutting down")
	}
	if !l.conn.IsConnected() {
		return errors.New("no connection to NATS")
	}
	if f := l.broken.Load(); f != nil {
		return fmt.Errorf("following the log has stopped: %w", f.err)
	}
	for _, p := range l.partitions {
		if !p.writer.started.Load() {
			return errors.New("starting: the read models are catching up")
		}
		if f := p.writer.failure.Load(); f != nil && l.now().Sub(f.at) < failureLasts {
			return fmt.Errorf("partition %d cannot be written to: %w", p.number, f.err)
		}
	}
	return nil
}

// Size answers the bytes and messages that the log takes in JetStream, summed
// over its partitions.
func (l *Log) Size(ctx context.Context) (bytes, messages uint64, err error) {
	for _, p := range l.partitions {
		info, err := p.stream.Info(ctx)
		if err != nil {
			return 0, 0, fmt.Errorf("asking for the size of %s: %w", logStream(p.number), err)
		}
		bytes += info.State.Bytes
		messages += info.State.Msgs
	}
	return bytes, messages, nil
}
