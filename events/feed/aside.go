package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// survey is what a comparison of a whole stream with the log has found.
type survey struct {
	upto    uint64 // number of the log's last event that was compared
	missing int    // events of the log that the stream lacks, before its end
	kept    int    // messages of the stream that the log lacks
	first   uint64 // number of the first of these
	path    string // file that they were written to
}

// setAside compares a whole stream with the log. It writes what the log lacks to a file of
// the data directory, and returns when it is on disk: a JSON object a line, the event as
// it was in the feed. A message that is no event is written as {"sequence":…,"data":…}
// with its bytes in base64.
func (f *Feed) setAside(ctx context.Context, info *jetstream.StreamInfo) (s survey, err error) {
	var file *store.Aside
	defer func() {
		if file != nil && s.path == "" {
			err = errors.Join(err, file.Drop())
		}
	}()
	keep := func(m *store.Message) error {
		if file == nil {
			s.first = m.Sequence
			name := fmt.Sprintf("feed-%02d-generation-%d-of-%s.jsonl", f.partition, store.Generation(info), info.Created.UTC().Format("20060102T150405.000Z"))
			if file, err = f.store.SetAside(name); err != nil {
				return err
			}
		}
		s.kept++
		_, err := file.Write(asideLine(m))
		return err
	}
	s.upto, err = f.keepDifferences(ctx, info, &s, keep)
	if err == nil {
		err = f.keepSurplus(ctx, s.upto, info.State.LastSeq, keep)
	}
	if err == nil && file != nil {
		s.path, err = file.Keep()
	}
	return s, err
}

// keepDifferences calls keep with the messages that differ from the log's events, and
// returns the number of the log's last event.
func (f *Feed) keepDifferences(ctx context.Context, info *jetstream.StreamInfo, s *survey, keep func(*store.Message) error) (uint64, error) {
	c, err := f.compareAfter(ctx, 0, info.State.LastSeq)
	for more := true; err == nil && more && c.at.Number < c.last; {
		more, err = c.next(ctx, func(e *wire.Entry, m *store.Message) error {
			if m != nil && bytes.Equal(m.Data, e.Stored) {
				return nil
			}
			leader, err := f.store.FeedMessage(ctx, f.partition, e.Number)
			switch {
			case errors.Is(err, store.ErrNoMessage):
				s.missing++
				return nil
			case err != nil || bytes.Equal(leader.Data, e.Stored):
				return err
			}
			return keep(&leader)
		})
	}
	return c.at.Number, err
}

// keepSurplus calls keep with the stream's messages after the number.
func (f *Feed) keepSurplus(ctx context.Context, after, last uint64, keep func(*store.Message) error) error {
	for after < last {
		page, err := f.leaders(ctx, "", after+1)
		if err != nil || len(page) == 0 {
			return err
		}
		if after = page[0].Sequence; after > last {
			return nil
		}
		if err := keep(&page[0]); err != nil {
			return err
		}
	}
	return nil
}

// asideLine returns a message as a line of JSON.
func asideLine(m *store.Message) []byte {
	line := m.Data
	if !json.Valid(line) || bytes.ContainsAny(line, "\n\r") {
		line, _ = json.Marshal(struct { // never fails
			Sequence uint64 `json:"sequence"`
			Data     []byte `json:"data"`
		}{m.Sequence, m.Data})
	}
	return append(bytes.Clone(line), '\n')
}
