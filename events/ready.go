package events

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// Ready returns nil if commands can be taken and history can be followed, and the
// reason if not.
func (l *Log) Ready(_ context.Context) error {
	if l.closing.Err() != nil {
		return errors.New("shutting down")
	}
	if err := l.store.CheckRoom(); err != nil { // an embedded server may not run because of it
		return err
	}
	if !l.store.Connected() {
		return errors.New("no connection to NATS")
	}
	if err := l.Stopped(); err != nil {
		return err
	}
	for _, p := range l.partitions {
		if !p.writer.started.Load() {
			return errors.New("starting: the read models are catching up")
		}
		if err := p.health.refusal(); err != nil {
			return fmt.Errorf("partition %d: %w", p.Number, err)
		}
	}
	var proofs errgroup.Group
	for _, p := range l.partitions {
		proofs.Go(func() error {
			if err := p.writer.appender.prove(); err != nil {
				return fmt.Errorf("partition %d cannot be written to: %w", p.Number, err)
			}
			return nil
		})
	}
	return proofs.Wait()
}
