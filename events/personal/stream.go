package personal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Servers are external servers whose keys all nodes share.
type Servers struct {
	JS jetstream.JetStream
	// Beside opens a stream beside the log, or makes it.
	Beside func(context.Context, jetstream.StreamConfig) (jetstream.Stream, error)
}

// StreamName is the name of the stream of keys.
const StreamName = "MUSTER_PERSONAL_KEYS"

// Subjects of the stream. Each has one message at most.
const (
	keySubject    = "muster.personal.key."    // and a key's id: the 32 bytes of the key
	erasedSubject = "muster.personal.erased." // and a key's id: the key was destroyed
	spareSubject  = "muster.personal.spare."  // and a name: ids of keys that nobody was given, 16 bytes each
	claimSubject  = "muster.personal.claim."  // and the name of spare keys: a node has taken them
	requestSecret = "muster.personal.request" // the secret for hashes of requests
)

// streamConfig is the stream of keys. Messages can be deleted, so that keys can be destroyed. A
// second message on a subject is refused: it would replace the first one, whose bytes the server
// then leaves on disk. Purging leaves them there, too.
var streamConfig = jetstream.StreamConfig{
	Name: StreamName, Subjects: []string{"muster.personal.>"},
	Description: "Muster's keys of personal data: keep them secret, and keep them with the log",
	Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy,
	Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgsPerSubject: 1,
	MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgSize: 64 << 10,
	DenyPurge: true, AllowDirect: true,
}

// callFor bounds one call to the servers.
const callFor = 5 * time.Second

// stream keeps keys on external servers, in one message each.
//
// A key is destroyed in two steps. First the message on its erased subject is stored, from which
// on every node refuses the key. Then the message with the key is deleted securely: each server
// overwrites it in its file. A node that ends between the steps has not returned, so whoever wanted the
// key destroyed does it again.
//
// Servers of a cluster also have the messages of the last minutes in the log of their consensus
// (Raft), which nothing overwrites. They compact it within three minutes. So a key that is
// destroyed sooner than that after it was made is on their disks until then.
//
// One key is read from the stream's leader. Other replicas may lag behind, and would then not
// know a key that another node has just made, or know one that is gone.
type stream struct {
	js       jetstream.JetStream
	stream   jetstream.Stream
	readOnly bool
	watch    jetstream.ConsumeContext // of tombstones
	logger   *slog.Logger
}

// openKeys opens the stream of keys as the options say.
func openKeys(ctx context.Context, o Options, forget func(...KeyID)) (keeper, error) {
	if o.MustExist {
		_, err := o.Servers.JS.Stream(ctx, StreamName)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil, fmt.Errorf("%s: %w", StreamName, ErrMissing)
		}
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", StreamName, err)
		}
	}
	return openStream(ctx, *o.Servers, o.ReadOnly, o.Logger, forget)
}

// openStream opens the stream, or makes it. The function forget is called with each key that any
// node destroys from now on.
func openStream(ctx context.Context, servers Servers, readOnly bool, logger *slog.Logger, forget func(...KeyID)) (keeper, error) {
	s := &stream{js: servers.JS, readOnly: readOnly, logger: logger}
	var err error
	if readOnly {
		if s.stream, err = servers.JS.Stream(ctx, StreamName); errors.Is(err, jetstream.ErrStreamNotFound) {
			return none{}, nil
		}
	} else {
		s.stream, err = servers.Beside(ctx, streamConfig)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", StreamName, err)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, s.follow(ctx, forget)
}

// check refuses a stream in which destroyed keys would stay on disk.
func (s *stream) check() error {
	c := s.stream.CachedInfo().Config
	if c.DenyDelete || c.Storage != jetstream.FileStorage || !c.DiscardNewPerSubject || c.MaxMsgsPerSubject != 1 || c.Compression != jetstream.NoCompression {
		return fmt.Errorf("stream %s has another configuration than Muster gave it, with which destroyed keys may stay on disk: set it back", StreamName)
	}
	return nil
}

// follow forgets keys when their tombstones come.
func (s *stream) follow(ctx context.Context, forget func(...KeyID)) error {
	info, err := s.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("opening %s: %w", StreamName, err)
	}
	tombstones, err := s.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{erasedSubject + "*"}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: info.State.LastSeq + 1,
	})
	if err != nil {
		return fmt.Errorf("following %s: %w", StreamName, err)
	}
	s.watch, err = tombstones.Consume(func(m jetstream.Msg) {
		if id, ok := idOf(m.Subject(), erasedSubject); ok {
			forget(id)
		}
	}, jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		s.logger.Debug("following the tombstones of keys", slog.Any("error", err)) // it goes on where it was
	}))
	if err != nil {
		return fmt.Errorf("following %s: %w", StreamName, err)
	}
	return nil
}

// idOf returns the id at the end of a subject.
func idOf(subject, prefix string) (id KeyID, ok bool) {
	text, ok := strings.CutPrefix(subject, prefix)
	return id, ok && id.UnmarshalText([]byte(text)) == nil
}

// message is a message of the stream.
type message struct {
	Sequence uint64 `json:"seq"`
	Subject  string `json:"subject"`
	Data     []byte `json:"data"`
}

// last returns the last message on a subject from the stream's leader, and whether there is one.
func (s *stream) last(ctx context.Context, subject string) (m message, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	request, err := json.Marshal(map[string]string{"last_by_subj": subject})
	if err != nil {
		return message{}, false, err
	}
	reply, err := s.js.Conn().RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+StreamName, request)
	if err != nil {
		return message{}, false, fmt.Errorf("reading %s: %w", StreamName, err)
	}
	var response struct {
		Error   *jetstream.APIError `json:"error"`
		Message message             `json:"message"`
	}
	if err := json.Unmarshal(reply.Data, &response); err != nil {
		return message{}, false, fmt.Errorf("reading %s: %w", StreamName, err)
	}
	switch {
	case response.Error == nil:
		return response.Message, true, nil
	case response.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return message{}, false, nil
	default:
		return message{}, false, fmt.Errorf("reading %s: %w", StreamName, response.Error)
	}
}

// first stores a message on a subject that has none. It reports false if the subject has one.
func (s *stream) first(ctx context.Context, subject string, data []byte) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	for {
		_, err := s.js.Publish(ctx, subject, data)
		if err == nil {
			return true, nil
		}
		// An earlier attempt whose outcome was lost may have stored it.
		if _, found, failed := s.last(ctx, subject); failed == nil && found {
			return false, nil
		}
		// In a cluster the message that another node has just sent counts before it is stored.
		if refused, ok := errors.AsType[*jetstream.APIError](err); !ok || refused.Description != subjectFull {
			return false, fmt.Errorf("writing to %s: %w", StreamName, err)
		}
		select {
		case <-time.After(firstAgain):
		case <-ctx.Done():
			return false, fmt.Errorf("writing to %s: %w", StreamName, err)
		}
	}
}

const (
	// subjectFull is what JetStream says, in words only, if the subject has a message already.
	subjectFull = "maximum messages per subject exceeded"
	// firstAgain is the pause before that message is looked for again.
	firstAgain = 20 * time.Millisecond
)

func (s *stream) close() error {
	s.watch.Stop()
	<-s.watch.Closed()
	return nil
}
