package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
)

// message reads one message of the log, as the stream's leader has it: a replica
// may lag behind. [jetstream.ErrMsgNotFound] says that it is not there.
func (l *Log) message(ctx context.Context, partition int, sequence uint64) (envelope, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	m, err := l.storedMessage(ctx, logStream(partition), fmt.Appendf(nil, `{"seq":%d}`, sequence))
	if err != nil {
		return envelope{}, fmt.Errorf("message %d: %w", sequence, err)
	}
	header, err := nats.DecodeHeadersMsg(m.Header)
	if err != nil {
		return envelope{}, fmt.Errorf("message %d of %s: %w: %w", sequence, logStream(partition), err, ErrDamaged)
	}
	return open(sequence, header, m.Data)
}

// storedMessage is a message as JetStream's leader answers it.
type storedMessage struct {
	Sequence uint64 `json:"seq"`
	Header   []byte `json:"hdrs"`
	Data     []byte `json:"data"`
}

func (l *Log) storedMessage(ctx context.Context, stream string, ask []byte) (storedMessage, error) {
	reply, err := l.conn.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, ask)
	if err != nil {
		return storedMessage{}, fmt.Errorf("reading %s: %w", stream, err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message storedMessage       `json:"message"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return storedMessage{}, fmt.Errorf("reading %s: %w", stream, err)
	}
	switch {
	case answer.Error == nil:
		return answer.Message, nil
	case answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return storedMessage{}, fmt.Errorf("reading %s: %w", stream, jetstream.ErrMsgNotFound)
	case answer.Error.ErrorCode == jetstream.JSErrCodeStreamNotFound:
		return storedMessage{}, fmt.Errorf("reading %s: %w", stream, jetstream.ErrStreamNotFound)
	default:
		return storedMessage{}, fmt.Errorf("reading %s: %w", stream, answer.Error)
	}
}

// lastMessage answers the sequence of the partition's last message, 0 for none.
func (l *Log) lastMessage(ctx context.Context, partition int) (uint64, error) {
	info, err := l.partitions[partition].stream.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("asking for the tip of %s: %w", logStream(partition), err)
	}
	return info.State.LastSeq, nil
}

// tip answers the checkpoint of whoever has read the partition to its end.
func (l *Log) tip(ctx context.Context, partition int) (Checkpoint, error) {
	last, err := l.lastMessage(ctx, partition)
	if err != nil || last == 0 {
		return Checkpoint{Position: Position{Partition: partition}}, err
	}
	batch, err := l.batch(ctx, partition, last)
	if errors.Is(err, jetstream.ErrMsgNotFound) { // nothing is ever taken from the log
		err = fmt.Errorf("%w: %w", err, ErrDamaged)
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return batch.Checkpoint(), nil
}

// batch reads one message with its events.
func (l *Log) batch(ctx context.Context, partition int, sequence uint64) (Batch, error) {
	m, err := l.message(ctx, partition, sequence)
	if err != nil {
		return Batch{}, err
	}
	return m.decodeAlone(partition)
}

// Tips answers the position of every partition's last event, as the log says now.
func (l *Log) Tips(ctx context.Context) ([]Position, error) {
	tips := make([]Position, len(l.partitions))
	for p := range l.partitions {
		tip, err := l.tip(ctx, p)
		if err != nil {
			return nil, err
		}
		tips[p] = tip.Position
	}
	return tips, nil
}

// find answers the partition's first message for whose last event the condition
// holds; it must hold for all messages behind that one too. False says that there
// is none. Numbers, times and ids all ascend, so all can be looked for like this.
func (l *Log) find(ctx context.Context, partition int, holds func(*Entry) bool) (Batch, bool, error) {
	last, err := l.lastMessage(ctx, partition)
	if err != nil {
		return Batch{}, false, err
	}
	var failed error
	var found Batch
	at := sort.Search(int(last), func(i int) bool {
		if failed != nil {
			return true
		}
		batch, err := l.batch(ctx, partition, uint64(i)+1)
		if err != nil {
			failed = err
			return true
		}
		if !holds(&batch.Entries[len(batch.Entries)-1]) {
			return false
		}
		found = batch
		return true
	})
	if failed != nil {
		return Batch{}, false, failed
	}
	return found, uint64(at) < last, nil
}

// NumberAt answers the number of the partition's last event before the time; 0
// when there is none.
func (l *Log) NumberAt(ctx context.Context, partition int, t time.Time) (uint64, error) {
	batch, ok, err := l.find(ctx, partition, func(e *Entry) bool { return !e.Time.Before(t) })
	if err != nil {
		return 0, err
	}
	if !ok {
		tip, err := l.tip(ctx, partition)
		return tip.Number, err
	}
	for i := range batch.Entries {
		if !batch.Entries[i].Time.Before(t) {
			return batch.Entries[i].Number - 1, nil
		}
	}
	return batch.Last(), nil
}

// ErrUnknownEvent is that the organization has no such event.
var ErrUnknownEvent = errors.New("there is no such event")

// Find answers the organization's event with that id.
func (l *Log) Find(ctx context.Context, org domain.OrganizationID, id domain.EventID) (PublicEvent, error) {
	batch, ok, err := l.find(ctx, l.Partition(org), func(e *Entry) bool { return e.ID.Compare(id) >= 0 })
	if err != nil {
		return PublicEvent{}, err
	}
	if ok {
		for i := range batch.Entries {
			if e := &batch.Entries[i]; e.ID == id && e.Event.Concerns().Organization == org {
				return publicEvent(e), nil
			}
		}
	}
	return PublicEvent{}, fmt.Errorf("event %s: %w", id, ErrUnknownEvent)
}
