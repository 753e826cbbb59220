package main

import (
	"context"
	"log/slog"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// unseal FROM TO writes the log in the data directory FROM to TO as a version has written it that did
// not seal profiles.
func unseal(ts *testscript.TestScript, _ bool, arguments []string) {
	ctx, quiet := context.Background(), slog.New(slog.DiscardHandler)
	from, err := events.Open(ctx, events.Options{Dir: ts.MkAbs(arguments[0]), ReadOnly: true, Logger: quiet})
	ts.Check(err)
	to, err := store.Open(ctx, store.Options{Dir: ts.MkAbs(arguments[1]), Partitions: from.Partitions(), Logger: quiet})
	ts.Check(err)
	ends := make([]wire.Checkpoint, from.Partitions())
	for p := range ends {
		ends[p].Partition = p
	}
	start := append([]wire.Checkpoint(nil), ends...)
	ts.Check(from.Replay(ctx, start, nil, func(messages []wire.Message) error {
		for _, m := range messages {
			var payload []byte
			for _, e := range m.Entries {
				if set, ok := e.Event.(domain.UserProfileSet); ok {
					e.Event = domain.UserProfileSet{About: set.About, Profile: set.Profile}
				}
				var err error
				if payload, err = wire.Append(payload, m.Partition, &e.Recorded); err != nil {
					return err
				}
			}
			end := &ends[m.Partition]
			next := wire.Next(*end, "an earlier version", append(payload, ']'))
			if err := to.Partitions[m.Partition].Append(ctx, next); err != nil {
				return err
			}
			end.Number, end.Message, end.Hash = m.Last(), next.Sequence, next.Link()
		}
		return nil
	}))
	ts.Check(to.Close())
	ts.Check(from.Close())
}
