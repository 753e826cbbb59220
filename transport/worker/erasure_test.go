package worker

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/projections/sqlite"
)

// erasure returns the worker of the service.
func (s *service) erasure() *Erasure {
	return &Erasure{Log: s.Log, Models: s.Models, Now: s.Now, NewID: s.NewID, Logger: s.Logger}
}

// introduce creates an organization with that number of people who have only a profile.
func (s *service) introduce(t *testing.T, organization domain.OrganizationID, n int) (people []domain.UserID) {
	t.Helper()
	s.found(t, organization, newID[domain.WorkspaceID]())
	for range n {
		user := newID[domain.UserID]()
		s.run(t, domain.SetProfile{Meta: meta(organization), User: user, Profile: domain.ProfileFacts{Email: user.String() + "@example.com"}.Patch()})
		people = append(people, user)
	}
	return people
}

func (s *service) requestErasures(t *testing.T, organization domain.OrganizationID, people []domain.UserID) {
	t.Helper()
	for _, user := range people {
		s.run(t, domain.RequestErasure{Meta: meta(organization), User: user})
	}
}

// pending returns how many erasures are not recorded.
func (s *service) pending(t *testing.T) (n int) {
	t.Helper()
	for partition := range s.Log.Partitions() {
		list, err := s.Models.Erasures(t.Context(), partition, projections.Erasure{}, -1)
		if err != nil {
			t.Fatal(err)
		}
		n += len(list)
	}
	return n
}

// A history that is not there yet delays the end of erasures, but the keys of all are destroyed.
func TestErasureDestroysKeysWithoutHistory(t *testing.T) {
	s := start(t, 1)
	organization := newID[domain.OrganizationID]()
	people := s.introduce(t, organization, 3)
	s.requestErasures(t, organization, people)
	ctx, cancel := context.WithTimeout(t.Context(), erasureHistory+2*time.Second)
	defer cancel()
	destroyed := 0
	erasureStep = func(step string) {
		if step == "destroyed" && ctx.Err() == nil {
			destroyed++
		}
	}
	defer func() { erasureStep = nil }()
	if err := s.erasure().finish(ctx); err == nil {
		t.Error("the erasures are finished without the history")
	}
	if destroyed != len(people) {
		t.Errorf("%d of %d keys are destroyed", destroyed, len(people))
	}
	if n := s.pending(t); n != len(people) {
		t.Errorf("%d of %d erasures are pending", n, len(people))
	}
}

// While a query reads from the WAL, all erasures together hold up commands once.
func TestErasuresWipeTogether(t *testing.T) {
	s := start(t, 2)
	keep := Start(func(ctx context.Context) { s.Models.KeepHistory(ctx, s.Log) })
	defer keep.Stop()
	organizations := s.organizations()
	people := [][]domain.UserID{s.introduce(t, organizations[0], 3), s.introduce(t, organizations[1], 3)}
	reader, err := sqlite.Open(filepath.Join(s.Log.Dir(), projections.File), sqlite.ReadOnly, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close() //nolint:errcheck // it only reads
	if err := reader.Conns[0].Script(`BEGIN; SELECT count(*) FROM people`); err != nil {
		t.Fatal(err)
	}
	for i, organization := range organizations {
		s.requestErasures(t, organization, people[i])
	}
	begun := time.Now()
	if err := s.erasure().finish(t.Context()); err == nil {
		t.Error("the WAL is empty, although somebody reads from it")
	}
	if took := time.Since(begun); took > 4*time.Second { // a wipe takes one
		t.Errorf("it took %s", took)
	}
	if n := s.pending(t); n != 6 {
		t.Errorf("%d of 6 erasures are pending", n)
	}
	if err := reader.Conns[0].Script(`COMMIT`); err != nil {
		t.Fatal(err)
	}
	if err := s.erasure().finish(t.Context()); err != nil {
		t.Error(err)
	}
	if n := s.pending(t); n != 0 {
		t.Errorf("%d erasures are pending", n)
	}
	if at, _ := s.Models.NextErasure(); !at.IsZero() {
		t.Errorf("something is to be done at %s", at)
	}
}

// Those whose keys are unknown keep nobody waiting, not even if they are more than are read at once.
func TestErasureAfterUnknownKeys(t *testing.T) {
	s := start(t, 1)
	organization := newID[domain.OrganizationID]()
	user := s.introduce(t, organization, 1)[0]
	var known domain.PersonalKeyID
	if err := s.Log.Replay(t.Context(), make([]wire.Checkpoint, 1), nil, func(messages []wire.Message) error {
		for _, m := range messages {
			for _, e := range m.Entries {
				if set, ok := e.Event.(domain.UserProfileSet); ok && set.User == user {
					known = set.Sealed.Key
				}
			}
		}
		return nil
	}); err != nil || known.IsZero() {
		t.Fatal(known, err)
	}
	s.stuck.Store(true) // what the read models get now is not in the log
	at := s.Models.Checkpoints()[0]
	m := wire.Message{Sequence: at.Message + 1}
	request := func(user domain.UserID, key domain.PersonalKeyID) {
		at.Number++
		m.Entries = append(m.Entries, wire.Entry{Recorded: domain.Recorded{
			ID: newID[domain.EventID](), Number: at.Number, Time: at.Time.Add(time.Duration(at.Number) * time.Millisecond), Command: newID[domain.CommandID](),
			Event: domain.UserErasureRequested{About: domain.About{Organization: organization, User: user}, Key: key},
		}})
	}
	for range 2*erasureMost + 1 {
		request(newID[domain.UserID](), newID[domain.PersonalKeyID]())
	}
	request(user, known)
	if err := errors.Join(s.Models.Apply(m), s.Models.Wipe()); err != nil { // only the follower may call Commit
		t.Fatal(err)
	}
	destroyed, err := s.erasure().destroy(t.Context(), 0)
	if !errors.Is(err, personal.ErrUnknownKey) {
		t.Errorf("keys that are unknown: %v", err)
	}
	if len(destroyed) != 1 || destroyed[0].Key != known {
		t.Errorf("destroyed: %v", destroyed)
	}
}
