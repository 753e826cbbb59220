package personal

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// LedgerStream is the name of the stream with the ledger.
const LedgerStream = "MUSTER_ERASURES"

const ledgerSubject = "muster.erasures"

// ledgerConfig is the stream of the ledger. Nothing in it can be deleted.
var ledgerConfig = jetstream.StreamConfig{
	Name: LedgerStream, Subjects: []string{ledgerSubject},
	Description: "Muster's erasure ledger: keep it apart from backups, which it outlives",
	Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
	MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgsPerSubject: -1, MaxMsgSize: 64 << 10,
	DenyDelete: true, DenyPurge: true,
}

// ledgerStream is a ledger on external servers. The line with a number is the message with that
// sequence.
type ledgerStream struct {
	js       jetstream.JetStream
	stream   jetstream.Stream
	readOnly bool
}

// OpenLedgerStream opens the ledger on external servers, or makes it. A ledger that may only be read
// must exist.
func OpenLedgerStream(ctx context.Context, servers Servers, readOnly bool) (*Ledger, error) {
	l := &ledgerStream{js: servers.JS, readOnly: readOnly}
	var err error
	if readOnly {
		l.stream, err = servers.JS.Stream(ctx, LedgerStream)
	} else {
		l.stream, err = servers.Beside(ctx, ledgerConfig)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the erasure ledger: %w", err)
	}
	return &Ledger{shelf: l}, nil
}

func (l *ledgerStream) append(ctx context.Context, after Head, e Erasure) (Head, error) {
	if l.readOnly {
		return after, ErrReadOnlyLedger
	}
	text, end, err := after.append(nil, e)
	if err != nil {
		return after, err
	}
	_, err = l.js.Publish(ctx, ledgerSubject, text, jetstream.WithExpectLastSequence(after.Lines))
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == codeOtherInFlight) {
		err = errMoved // by another node
	}
	if err != nil {
		return after, err
	}
	return end, nil
}

// codeOtherInFlight is JetStream's code for an expectation that fails because of a message that a
// replicated stream has not stored yet.
const codeOtherInFlight jetstream.ErrorCode = 10164

func (l *ledgerStream) head(ctx context.Context) (Head, error) {
	m, err := l.stream.GetLastMsgForSubject(ctx, ledgerSubject) // from the leader
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Head{}, nil
	}
	if err != nil {
		return Head{}, err
	}
	end, err := headOf(m.Data)
	if err == nil && end.Lines != m.Sequence {
		err = fmt.Errorf("message %d of %s is line %d: %w", m.Sequence, LedgerStream, end.Lines, ErrDamagedLedger)
	}
	return end, err
}

func (l *ledgerStream) each(ctx context.Context, after uint64, do func(text []byte) (bool, error)) error {
	end, err := l.head(ctx)
	if err != nil || end.Lines <= after {
		return err
	}
	consumer, err := l.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if more, err := do(m.Data()); err != nil || !more || meta.Sequence.Stream >= end.Lines {
			return err
		}
	}
}

func (l *ledgerStream) close() error { return nil }
