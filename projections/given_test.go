package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// history is a log in memory: commands are decided on the state that everything before
// them has left, and their events are recorded in messages.
type history struct {
	state    domain.State
	messages []wire.Message // in the order in which they came to be
	tips     []wire.Checkpoint
	now      time.Time
	// done are the commands that changed something, in order.
	done []domain.Command
}

func newHistory(partitions int) *history {
	h := &history{tips: make([]wire.Checkpoint, partitions), now: time.UnixMilli(1_770_000_000_000).UTC()}
	for i := range h.tips {
		h.tips[i].Partition = i
	}
	return h
}

// partition returns the partition of the organization: its first byte says it.
func (h *history) partition(org domain.OrganizationID) int { return int(org[0]) % len(h.tips) }

// step is the time between two messages of the history.
const step = 1789 * time.Microsecond

// next is when the next command is decided.
func (h *history) next() time.Time { return h.now.Add(step).Truncate(time.Millisecond) }

// try decides the commands, which must be of one partition, and records the events of
// those that are not refused as one message. It returns the last refusal.
func (h *history) try(commands ...domain.Command) (refused error) {
	partition := h.partition(commands[0].Metadata().Organization)
	tip := &h.tips[partition]
	at := h.next()
	h.now = h.now.Add(step)
	message := wire.Message{Partition: partition, Sequence: tip.Message + 1}
	number := tip.Number
	for _, c := range commands {
		meta := c.Metadata()
		decided, err := domain.Decide(&h.state, at, c)
		if err != nil {
			refused = err
			continue
		}
		for _, e := range decided.Events {
			number++
			r := domain.Recorded{
				ID: eventID(at, partition, number), Event: sealed(e, number), Number: number, Time: at,
				Actor: meta.Actor, OnBehalfOf: meta.OnBehalfOf, Command: meta.ID, Request: meta.Request, Cause: meta.Cause,
			}
			domain.Evolve(&h.state, &r)
			message.Entries = append(message.Entries, wire.Entry{Recorded: r})
		}
		if len(decided.Events) > 0 {
			h.done = append(h.done, c)
		}
	}
	if len(message.Entries) > 0 {
		message.Hash = domain.Hash{byte(partition), byte(message.Sequence), byte(message.Sequence >> 8)}
		h.messages = append(h.messages, message)
		*tip = message.Checkpoint()
	}
	return refused
}

// sealed returns the event as the log has it: most profiles are sealed, with a new key unless the
// user has one.
func sealed(e domain.Event, number uint64) domain.Event {
	set, ok := e.(domain.UserProfileSet)
	if ok && set.Sealed.Key.IsZero() && number%7 != 0 {
		binary.BigEndian.PutUint64(set.Sealed.Key[:], number)
		copy(set.Sealed.Key[8:], set.Organization[:])
		return set
	}
	return e
}

// record records events as one message, whatever the rules say of them.
func (h *history) record(meta domain.Meta, events ...domain.Event) {
	if len(events) == 0 {
		return
	}
	partition, at := h.partition(meta.Organization), h.next()
	tip := &h.tips[partition]
	h.now = h.now.Add(step)
	message := wire.Message{Partition: partition, Sequence: tip.Message + 1, Hash: domain.Hash{byte(partition), byte(tip.Message + 1), byte((tip.Message + 1) >> 8)}}
	for i, e := range events {
		number := tip.Number + uint64(i) + 1
		r := domain.Recorded{
			ID: eventID(at, partition, number), Event: e, Number: number, Time: at,
			Actor: meta.Actor, OnBehalfOf: meta.OnBehalfOf, Command: meta.ID,
		}
		domain.Evolve(&h.state, &r)
		message.Entries = append(message.Entries, wire.Entry{Recorded: r})
	}
	h.messages, *tip = append(h.messages, message), message.Checkpoint()
}

// do is try for commands that are not refused.
func (h *history) do(t testing.TB, commands ...domain.Command) {
	t.Helper()
	for _, c := range commands {
		if err := h.try(c); err != nil {
			t.Fatalf("%s: %v", c.CommandType(), err)
		}
	}
}

func eventID(at time.Time, partition int, number uint64) (id domain.EventID) {
	_ = id.SetTime(ulid.Timestamp(at))
	id[6] = byte(partition)
	binary.BigEndian.PutUint64(id[8:], number)
	return id
}

// replay replays the history. With a source of choices, the partitions take turns at
// random; the order within each is kept.
func (h *history) replay(choose *rand.Rand) replay {
	return func(after []wire.Checkpoint, apply func([]wire.Message) error) error {
		waiting := make([][]wire.Message, len(h.tips))
		for _, b := range h.messages {
			if b.Sequence > after[b.Partition].Message {
				waiting[b.Partition] = append(waiting[b.Partition], b)
			}
		}
		for {
			var next []wire.Message
			for i := range waiting {
				n := len(waiting[i])
				if choose != nil {
					n = choose.IntN(min(n, 50) + 1)
				}
				next, waiting[i] = append(next, waiting[i][:n]...), waiting[i][n:]
			}
			if len(next) > 0 {
				if err := apply(next); err != nil {
					return err
				}
			}
			left := 0
			for i := range waiting {
				left += len(waiting[i])
			}
			if left == 0 {
				return nil
			}
		}
	}
}

// empty opens read models of an empty log.
func empty(t testing.TB, partitions int) *ReadModels {
	return opened(t, t.TempDir(), newHistory(partitions))
}

// models opens read models of the history.
func (h *history) models(t testing.TB) *ReadModels { return opened(t, t.TempDir(), h) }

func opened(t testing.TB, dir string, h *history) *ReadModels {
	t.Helper()
	o := Options{Dir: dir, Partitions: len(h.tips)}
	if err := rebuild(o, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// applyAll applies and commits messages. If one cannot be applied, those before it are
// committed nevertheless.
func (m *ReadModels) applyAll(messages []wire.Message) error {
	for _, message := range messages {
		if err := m.Apply(message); err != nil {
			return errors.Join(err, m.Commit())
		}
	}
	return m.Commit()
}

// follow applies the part of the history that has not been applied yet.
func (h *history) follow(t testing.TB, m *ReadModels) {
	t.Helper()
	if err := h.replay(nil)(m.Checkpoints(), m.applyAll); err != nil {
		t.Fatal(err)
	}
}

// Names of the tests' world.

func orgID(n int) domain.OrganizationID { return domain.OrganizationID{byte(n), 0xA} }

func wsID(n int) domain.WorkspaceID { return domain.WorkspaceID{byte(n >> 8), byte(n), 0xB} }

func userID(n int) (id domain.UserID) {
	binary.BigEndian.PutUint32(id[:], uint32(n)*2654435761) // spread like real ones
	id[15] = 0xC
	return id
}

func membershipID(ws domain.WorkspaceID, user domain.UserID) (id domain.MembershipID) {
	copy(id[:4], ws[:4])
	copy(id[4:8], user[:4])
	id[15] = 0xD
	return id
}

var commandCount atomic.Uint64

// root returns the metadata of a new command that the operator gives.
func root(org domain.OrganizationID) domain.Meta {
	var id domain.CommandID
	binary.BigEndian.PutUint64(id[:], commandCount.Add(1))
	return domain.Meta{
		ID: id, Organization: org,
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
	}
}

// keyed is root for a command with an idempotency key.
func keyed(org domain.OrganizationID) domain.Meta {
	m := root(org)
	m.Request = domain.Hash{1, m.ID[6], m.ID[7]}
	return m
}

func profile(n int) domain.ProfileFacts {
	return domain.ProfileFacts{
		Email: fmt.Sprintf("User%d@example.com", n),
		Name:  domain.PersonName{First: fmt.Sprintf("First%d", n), Last: fmt.Sprintf("Last%d", n)},
	}
}

func secret(n int) domain.Hash { return domain.Hash{byte(n), byte(n >> 8), 0xF} }

// muster returns the metadata of a command that Muster gives itself.
func muster(org domain.OrganizationID) domain.Meta {
	m := root(org)
	m.Actor.ID = "muster"
	return m
}

// later is the time of most queries: after everything that happens, and before the
// ends of what is meant to last.
var later = time.UnixMilli(1_770_000_000_000).UTC().Add(time.Hour)

// Lists of what belongs to a workspace, by the id of the workspace.
