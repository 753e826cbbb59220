package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoStream reports that there is no such stream.
var ErrNoStream = jetstream.ErrStreamNotFound

// Message is a message of a stream as it is stored.
type Message struct {
	Sequence uint64    `json:"seq"`
	Subject  string    `json:"subject"` // empty in pages of the feed
	Time     time.Time `json:"time"`    // when JetStream has stored it; zero in pages of the feed
	Header   []byte    `json:"hdrs"`    // as on the wire; empty in pages of the feed
	Data     []byte    `json:"data"`
}

// ask is a request for one message of a stream: the one with the sequence, or the next
// one on a subject from the sequence on.
type ask struct {
	Sequence uint64 `json:"seq"`
	Subject  string `json:"next_by_subj,omitempty"`
}

// message reads one message of a stream from the stream's leader. The client's own
// Stream.GetMsg cannot do that for streams that allow direct gets: it asks any replica,
// and a replica may lag behind.
func (s *Store) message(ctx context.Context, stream string, wanted ask) (Message, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	request, err := json.Marshal(wanted)
	if err != nil {
		return Message{}, err
	}
	reply, err := s.Conn.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, request)
	if err != nil {
		return Message{}, fmt.Errorf("reading %s: %w", stream, err)
	}
	var response struct {
		Error   *jetstream.APIError `json:"error"`
		Message Message             `json:"message"`
	}
	if err := json.Unmarshal(reply.Data, &response); err != nil {
		return Message{}, fmt.Errorf("reading %s: %w", stream, err)
	}
	switch {
	case response.Error == nil:
		return response.Message, nil
	case response.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return Message{}, fmt.Errorf("reading %s: %w", stream, ErrNoMessage)
	case response.Error.ErrorCode == jetstream.JSErrCodeStreamNotFound:
		return Message{}, fmt.Errorf("reading %s: %w", stream, jetstream.ErrStreamNotFound)
	default:
		return Message{}, fmt.Errorf("reading %s: %w", stream, response.Error)
	}
}
