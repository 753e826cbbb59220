package store

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/muster-dev/muster/events/wire"
)

// source is where the messages of a partition are read from: a stream of a running server,
// or the files of a server that does not run.
type source interface {
	// message reads one message. The error wraps [ErrNoMessage] if there is none.
	message(ctx context.Context, sequence uint64) (wire.Envelope, error)
	// last returns the sequence of the last message, or 0 if there is none.
	last(ctx context.Context) (uint64, error)
	// size returns how many bytes and messages there are.
	size(ctx context.Context) (bytes, messages uint64, err error)
	// each calls f with the messages from the sequence on, in order, until f returns an
	// error. It returns that error.
	each(ctx context.Context, from uint64, f func(wire.Envelope) error) error
	// page calls f with some messages from the sequence on, in order. It does not wait for
	// messages that come, and calls f with none if there are none.
	page(ctx context.Context, from uint64, f func(wire.Envelope) error) error
	// find returns the sequence of the last message whose first event is the one with the
	// number or one before it. It looks at messages up to the last one. It returns 0 if
	// there is no such message.
	find(ctx context.Context, last, number uint64) (uint64, error)
}

// running is a log stream of a server that runs.
type running struct {
	store  *Store
	stream jetstream.Stream
	name   string
	number int // of the partition
	reach  *reach
}

// envelope parses a message of the stream. The envelope keeps the data.
func (r *running) envelope(sequence uint64, subject string, header func(string) string, data []byte) (wire.Envelope, error) {
	if subject != logSubject(r.number) {
		return wire.Envelope{}, fmt.Errorf("message %d of %s has the subject %.40q: %w", sequence, r.name, subject, wire.ErrDamaged)
	}
	return wire.ParseEnvelope(sequence, header, data)
}

func (r *running) message(ctx context.Context, sequence uint64) (wire.Envelope, error) {
	var m Message
	err := r.reach.ask(ctx, func(ctx context.Context) (err error) {
		m, err = r.store.message(ctx, r.name, ask{Sequence: sequence})
		if errors.Is(err, ErrNoMessage) {
			err = r.missing(ctx, sequence, err)
		}
		return err
	})
	if err != nil {
		return wire.Envelope{}, fmt.Errorf("message %d: %w", sequence, err)
	}
	headers, err := decodeHeaders(r.name, sequence, m.Header)
	if err != nil {
		return wire.Envelope{}, err
	}
	return r.envelope(sequence, m.Subject, headers.Get, m.Data)
}

// envelope parses a message of a stream. The envelope keeps the data.
func envelope(stream string, sequence uint64, header, data []byte) (wire.Envelope, error) {
	headers, err := decodeHeaders(stream, sequence, header)
	if err != nil {
		return wire.Envelope{}, err
	}
	return wire.ParseEnvelope(sequence, headers.Get, data)
}

// decodeHeaders reads the headers of a message as they are stored.
func decodeHeaders(stream string, sequence uint64, header []byte) (nats.Header, error) {
	headers, err := nats.DecodeHeadersMsg(header)
	if err != nil {
		return nil, fmt.Errorf("message %d of %s: %w: %w", sequence, stream, err, wire.ErrDamaged)
	}
	return headers, nil
}

// page reads from any replica, which may lag behind, and from the leader if that replica has
// nothing.
func (r *running) page(ctx context.Context, from uint64, f func(wire.Envelope) error) error {
	found := false
	options := []jetstreamext.GetBatchOpt{jetstreamext.GetBatchSeq(from), jetstreamext.GetBatchMaxBytes(PageBytes)}
	err := r.store.page(ctx, r.name, logPageSize, options, func(m *jetstream.RawStreamMsg) error {
		found = true
		e, err := r.envelope(m.Sequence, m.Subject, m.Header.Get, m.Data)
		if err != nil {
			return err
		}
		return f(e)
	})
	if err != nil || found {
		return err
	}
	e, err := r.message(ctx, from)
	if errors.Is(err, ErrNoMessage) {
		return nil
	}
	if err != nil {
		return err
	}
	return f(e)
}

// find does a binary search, and each step reads a whole message.
func (r *running) find(ctx context.Context, last, number uint64) (uint64, error) {
	var failed error
	at := sort.Search(int(last), func(i int) bool { //nolint:gosec // far below 2^63
		if failed != nil {
			return true
		}
		var e wire.Envelope
		if e, failed = r.message(ctx, uint64(i)+1); failed != nil { //nolint:gosec // not negative
			return true
		}
		return e.First > number
	})
	return uint64(at), failed //nolint:gosec // not negative
}

func (r *running) last(ctx context.Context) (uint64, error) {
	info, err := r.info(ctx)
	if err != nil {
		return 0, fmt.Errorf("asking for the tip of %s: %w", r.name, err)
	}
	return info.State.LastSeq, nil
}

func (r *running) size(ctx context.Context) (bytes, messages uint64, err error) {
	info, err := r.info(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("asking for the size of %s: %w", r.name, err)
	}
	return info.State.Bytes, info.State.Msgs, nil
}

// missing returns the error for a message that the server does not have. A leader that was
// deposed and does not know it yet lacks the newest messages, so it is not believed.
func (r *running) missing(ctx context.Context, sequence uint64, missing error) error {
	info, err := r.current(ctx)
	if err != nil {
		return err
	}
	if info.Config.Replicas > 1 && info.State.LastSeq >= sequence {
		return fmt.Errorf("%w: %w", errDeposed, missing)
	}
	return missing
}

// info returns the state of the stream as its leader has it.
func (r *running) info(ctx context.Context) (info *jetstream.StreamInfo, err error) {
	err = r.reach.ask(ctx, func(ctx context.Context) (err error) {
		info, err = r.current(ctx)
		return err
	})
	return info, err
}

// errDeposed reports that the server that answered may not lead the stream any more.
var errDeposed = errors.New("the answer came from a server that may not be the leader any more")

// current asks once for the state of the stream. The other replicas elect another leader only
// after they have heard nothing from theirs for four seconds. So a leader that has heard from
// most of them since then is still the leader, and what it says is current.
func (r *running) current(ctx context.Context) (*jetstream.StreamInfo, error) {
	info, err := r.stream.Info(ctx)
	if err != nil {
		return nil, err
	}
	if err := quorum(info); err != nil {
		return nil, fmt.Errorf("%w: %w", errDeposed, err)
	}
	return info, nil
}
