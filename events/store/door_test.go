package store

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/muster-dev/muster/events/credentials"
	"github.com/muster-dev/muster/events/natstest"
)

// A subscriber is let in by the embedded server if it listens, also by the one that replaces it.
func TestDoor(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Partitions: 1, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	user := uuid.NewString()
	s.Door().Admit(credentials.Lookup{
		Find: func(name string) (credentials.Subscriber, bool, error) {
			return credentials.Subscriber{Stream: FeedStream(0), Consumer: "c", Secret: credentials.Hash("secret")}, name == user, nil
		},
		CatchUp: func() error { return nil },
	})
	login := func(password string) error {
		nc, err := nats.Connect(s.PublicURLs()[0], nats.UserInfo(user, password))
		if err == nil {
			nc.Close()
		}
		return err
	}
	for range 2 {
		if err := errors.Join(login("secret"), s.Door().CanIssue(), s.Door().Disconnect(user)); err != nil {
			t.Fatal(err)
		}
		if err := login("wrong"); !errors.Is(err, nats.ErrAuthorization) {
			t.Error(err)
		}
		s.server.stop()
		if err := s.server.open(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Whether subscribers can come in, and where, depends on the options.
func TestDoors(t *testing.T) {
	pair, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := credentials.ParseKeys(seed)
	if err != nil {
		t.Fatal(err)
	}
	url, public := natstest.Outside(t), []string{"nats://nats.acme.example:4222"}
	for _, c := range []struct {
		name   string
		o      Options
		reason error
		urls   []string
	}{
		{"a server that does not listen", Options{}, credentials.ErrNotListening, nil},
		{"… and a public URL", Options{PublicURLs: public}, credentials.ErrNotListening, nil},
		{"a server that listens, with a public URL", Options{Listen: "127.0.0.1:0", PublicURLs: public}, nil, public},
		{"an external server", Options{URL: url}, credentials.ErrNoCallout, nil},
		{"an external server with keys", Options{URL: url, Callout: keys}, nil, []string{url}},
		{"… and a public URL", Options{URL: url, Callout: keys, PublicURLs: public}, nil, public},
	} {
		c.o.Dir, c.o.Logger = t.TempDir(), quiet()
		s, err := Open(t.Context(), c.o)
		if err != nil {
			t.Fatal(err)
		}
		_, callout := s.Door().(*credentials.Callout)
		if callout != (c.o.Callout != nil) {
			t.Errorf("%s: %T", c.name, s.Door())
		}
		if !callout {
			if err := s.Door().CanIssue(); !errors.Is(err, c.reason) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if !slices.Equal(s.PublicURLs(), c.urls) {
			t.Errorf("%s: %q", c.name, s.PublicURLs())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
