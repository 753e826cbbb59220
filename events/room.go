package events

import (
	"context"
	"log/slog"
	"time"
)

// roomEvery is how often room is made while the disk with the log cannot be written to. The
// first time may have made too little, and no event tells when more can be made.
const roomEvery = time.Second

// MakeRoom calls free when the disk with the log cannot be written to, usually because it is
// full, and again from time to time until it can be. It returns when the context ends. The
// disk of an external NATS server is none of its business.
func (l *Log) MakeRoom(ctx context.Context, free func() error) {
	for {
		select {
		case <-l.store.Well().Done():
		case <-ctx.Done():
			return
		}
		for logged := false; ; {
			mended := l.store.Mended()
			if l.store.Trouble() == nil {
				break
			}
			if err := free(); err != nil && !logged && ctx.Err() == nil {
				logged = true
				l.logger.Warn("no room could be made on the disk with the log: this is tried again", slog.Any("error", err))
			}
			select {
			case <-time.After(roomEvery):
			case <-mended:
			case <-ctx.Done():
				return
			}
		}
	}
}
