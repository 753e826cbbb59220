package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/muster-dev/muster/events/block"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// StoppedError reports that a partition of the log cannot be followed any more, because of what
// comes after a position. The partition takes no commands. What came up to the position can
// still be read, and the other partitions go on.
type StoppedError struct {
	// After is the position of the last event before the partition has stopped. Its number is 0
	// if there is none.
	After wire.Position
	// Err is what is wrong with the log after it.
	Err error
}

// Error names the partition, the position, the reason and the way out.
func (e *StoppedError) Error() string {
	text := fmt.Sprintf("partition %d: stopped after %s: %v", e.After.Partition, e.After, e.Err)
	if way := e.WayOut(); way != "" {
		text += ": " + way
	}
	return text
}

// Unwrap returns what is wrong.
func (e *StoppedError) Unwrap() error { return e.Err }

// WayOut returns what an operator can do, or "" if no command helps.
func (e *StoppedError) WayOut() string {
	cut := "muster audit repair --truncate-after " + e.After.String()
	_, damaged := errors.AsType[*block.Damage](e.Err)
	switch {
	case damaged || errors.Is(e.Err, store.ErrTruncated):
		return "restore the log from a backup"
	case errors.Is(e.Err, wire.ErrUnknownType), errors.Is(e.Err, wire.ErrUnknownSchema):
		return "start the version that wrote it, or a newer one; if no version of Muster did, " + cut
	case errors.Is(e.Err, wire.ErrDamaged):
		return cut
	}
	return ""
}

// stopped notes that a partition cannot be followed any more after the checkpoint. Only the
// first reason is kept and logged.
func (l *Log) stopped(after wire.Checkpoint, reason error) {
	p := l.partitions[after.Partition]
	err := &StoppedError{after.Position, reason}
	if !p.stall.end(err) {
		return
	}
	l.logger.Error("following the log has stopped: nothing new of the partition will be visible until this is mended",
		slog.Int("partition", p.Number), slog.Any("error", err))
}

// Stops reads the whole log and returns where each partition stops that cannot be followed to
// its end. It reads as long as that takes, and an error means that it could not read.
func (l *Log) Stops(ctx context.Context) (stops []*StoppedError, err error) {
	for _, p := range l.partitions {
		last, err := p.Last(ctx)
		if errors.Is(err, wire.ErrDamaged) { // then the end is not known
			last, err = math.MaxUint64, nil
		}
		if err != nil {
			return nil, err
		}
		at, end := wire.Checkpoint{Position: wire.Position{Partition: p.Number}}, wire.Checkpoint{Message: last}
		messages, ended := make(chan wire.Message, replayAhead), make(chan error, 1)
		go func() {
			ended <- p.Read(ctx, at, &end, messages)
			close(messages)
		}()
		for m := range messages {
			at = m.Checkpoint()
		}
		switch err := <-ended; {
		case errors.Is(err, store.ErrUnreadable), errors.Is(err, wire.ErrDamaged):
			stops = append(stops, &StoppedError{at.Position, err})
		case err != nil:
			return nil, err
		}
	}
	return stops, nil
}

// checkpoint returns how far the partition has been followed.
func (p *partition) checkpoint() wire.Checkpoint {
	if c := p.read.Load(); c != nil {
		return *c
	}
	return wire.Checkpoint{Position: wire.Position{Partition: p.Number}}
}
