package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// The keys of people are in the data directory of an embedded log, and in a stream of an external
// one. A key among those in MUSTER_KEYS, which is written once, says where those of this log are
// and which they are:
//
//	embedded 4f0c6d0f8e2b4a5d9c31a7e6b2d85f10
//
// Without it, a service that uses the NATS of another service with an embedded log would make
// keys of its own, and write events that the other one cannot read.
const homeName = "personal"

// personalStream is the stream of the keys of an external log. Package personal has it.
const personalStream = "MUSTER_PERSONAL_KEYS"

// The ways in which the keys of people can be other ones than those of the log.
var (
	// ErrKeysElsewhere: they are where this process does not look for them.
	ErrKeysElsewhere = errors.New("the keys of personal data of this log are elsewhere")
	// ErrOtherKeys: they are those of another log, or new ones.
	ErrOtherKeys = errors.New("these are not the keys of personal data that belong to this log")
)

// IsHome reports whether the message of [Keys] with the subject says where the keys of people are.
// It must not be copied to another log, whose keys are elsewhere.
func IsHome(subject string) bool { return subject == keySubject+homeName }

// mode returns where the log is.
func (s *Store) mode() Mode {
	if s.inside {
		return ModeEmbedded
	}
	return ModeExternal
}

// checkHome refuses a log whose keys of people are elsewhere, before anything is written. A log
// that an older version has written does not say it. Then the name of the server tells, unless
// the log has keys there already or is empty.
func (s *Store) checkHome(ctx context.Context, streams []jetstream.Stream) error {
	text, err := s.FindKey(ctx, homeName)
	switch {
	case err == nil:
		if mode, _, _ := strings.Cut(string(text), " "); Mode(mode) != s.mode() {
			return s.elsewhere()
		}
		return nil
	case !errors.Is(err, ErrNoMessage):
		return err
	case !s.ServedByNode():
		return nil
	}
	_, err = s.JS.Stream(ctx, personalStream)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	for _, stream := range streams {
		if stream.CachedInfo().State.LastSeq > 0 {
			return s.elsewhere()
		}
	}
	return nil
}

func (s *Store) elsewhere() error {
	if s.inside {
		return fmt.Errorf("%w: in the stream %s of NATS servers: start with their --nats-url, or restore a backup of the log", ErrKeysElsewhere, personalStream)
	}
	return fmt.Errorf("%w: this is the NATS of a service whose log is embedded, and they are in its data directory. No other service can share that log: "+
		"to run several, take NATS servers of their own, and move the log there with muster backup and muster restore", ErrKeysElsewhere)
}

// Home compares the keys of people that this process has with those of the log, which are
// named by their id. The first process that opens the log says which they are. The error wraps
// [ErrOtherKeys] if they are others.
func (s *Store) Home(ctx context.Context, id string) error {
	if _, err := s.Beside(ctx, Keys); err != nil {
		return err
	}
	mine := string(s.mode()) + " " + id
	text, err := s.Key(ctx, homeName, func() ([]byte, error) { return []byte(mine), nil })
	if err != nil {
		return err
	}
	if string(text) != mine {
		where := "stream " + personalStream
		if s.inside {
			where = s.dir.path
		}
		return fmt.Errorf("%s: %w: restore the keys, or restore a backup of the log", where, ErrOtherKeys)
	}
	return nil
}

// HomeID returns the id of the keys of people that the log names as its own. It reports false if the
// log names none: it is new, restored, or of an older version.
func (s *Store) HomeID(ctx context.Context) (id string, found bool, err error) {
	kept, err := s.Latest(ctx, Keys.Name)
	if err != nil {
		return "", false, err
	}
	for _, m := range kept {
		if IsHome(m.Subject) {
			_, id, found = strings.Cut(string(m.Data), " ")
		}
	}
	return id, found, nil
}
