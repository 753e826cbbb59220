package projections

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// history is a log in memory: commands are decided on the state of all that came
// before, and what follows is recorded in batches.
type history struct {
	state   domain.State
	batches []events.Batch // in the order in which they came to be
	tips    []events.Checkpoint
	now     time.Time
	// done are the commands that changed something, in order.
	done []domain.Command
}

func newHistory(partitions int) *history {
	h := &history{tips: make([]events.Checkpoint, partitions), now: time.UnixMilli(1_770_000_000_000).UTC()}
	for i := range h.tips {
		h.tips[i].Partition = i
	}
	return h
}

// partition puts organizations where their first byte says.
func (h *history) partition(org domain.OrganizationID) int { return int(org[0]) % len(h.tips) }

// step is how long the history takes for a batch.
const step = 1789 * time.Microsecond

// next is when the next command is decided.
func (h *history) next() time.Time { return h.now.Add(step).Truncate(time.Millisecond) }

// try decides the commands and records the events of those that are not refused
// as one batch. They must be of one partition. It answers the last refusal.
func (h *history) try(commands ...domain.Command) (refused error) {
	partition := h.partition(commands[0].Metadata().Organization)
	tip := &h.tips[partition]
	at := h.next()
	h.now = h.now.Add(step)
	batch := events.Batch{Partition: partition, Message: tip.Message + 1}
	number := tip.Number
	for _, c := range commands {
		meta := c.Metadata()
		decided, err := domain.Decide(&h.state, at, c)
		if err != nil {
			refused = err
			continue
		}
		for _, e := range decided {
			number++
			r := domain.Recorded{
				ID: eventID(at, partition, number), Event: e, Number: number, Time: at,
				Actor: meta.Actor, OnBehalfOf: meta.OnBehalfOf, Command: meta.ID, Request: meta.Request,
			}
			domain.Evolve(&h.state, &r)
			batch.Entries = append(batch.Entries, events.Entry{Recorded: r})
		}
		if len(decided) > 0 {
			h.done = append(h.done, c)
		}
	}
	if len(batch.Entries) > 0 {
		batch.Hash = domain.Hash{byte(partition), byte(batch.Message), byte(batch.Message >> 8)}
		h.batches = append(h.batches, batch)
		*tip = batch.Checkpoint()
	}
	return refused
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

// replay plays the history; in any order that keeps that of each partition, when
// there is something to choose by.
func (h *history) replay(choose *rand.Rand) replay {
	return func(after []events.Checkpoint, apply func([]events.Batch) error) error {
		waiting := make([][]events.Batch, len(h.tips))
		for _, b := range h.batches {
			if b.Message > after[b.Partition].Message {
				waiting[b.Partition] = append(waiting[b.Partition], b)
			}
		}
		for {
			var next []events.Batch
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

// empty opens read models of nothing.
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

// follow applies what of the history has not been applied.
func (h *history) follow(t testing.TB, m *ReadModels) {
	t.Helper()
	if err := h.replay(nil)(m.Checkpoints(), m.Apply); err != nil {
		t.Fatal(err)
	}
}

// Names of the tests' world.

func orgID(n int) domain.OrganizationID { return domain.OrganizationID{byte(n), 0xA} }
func wsID(n int) domain.WorkspaceID     { return domain.WorkspaceID{byte(n >> 8), byte(n), 0xB} }

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

// root is the metadata of a new command of the operator's.
func root(org domain.OrganizationID) domain.Meta {
	var id domain.CommandID
	binary.BigEndian.PutUint64(id[:], commandCount.Add(1))
	return domain.Meta{
		ID: id, Organization: org,
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
	}
}

// keyed is root with an idempotency key.
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

func createOrganization(org domain.OrganizationID, owner int) domain.Command {
	return domain.CreateOrganization{Meta: root(org), Name: "Org", Owner: userID(owner), Profile: profile(owner)}
}

func createWorkspace(org domain.OrganizationID, ws domain.WorkspaceID, owner int) domain.Command {
	return domain.CreateWorkspace{
		Meta: root(org), Workspace: ws, Name: fmt.Sprintf("Workspace %x", ws[:2]), Owner: userID(owner),
		Membership: membershipID(ws, userID(owner)),
	}
}

func addMember(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	return domain.AddMember{
		Meta: root(org), Workspace: ws, User: userID(n), Terms: domain.Terms{Role: role}, Membership: membershipID(ws, userID(n)),
	}
}

// addMemberUntil is addMember for a while.
func addMemberUntil(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey, end time.Time) domain.Command {
	c := addMember(org, ws, n, role).(domain.AddMember)
	c.ExpiresAt = end
	return c
}

// addMemberWith is addMember with permissions of the membership's own.
func addMemberWith(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey, permissions ...domain.Permission) domain.Command {
	c := addMember(org, ws, n, role).(domain.AddMember)
	c.Permissions = append([]domain.Permission{}, permissions...)
	return c
}

func putMember(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	return domain.PutMember{
		Meta: root(org), Workspace: ws, User: userID(n), Terms: domain.Terms{Role: role}, Membership: membershipID(ws, userID(n)),
	}
}

// inviteMember invites the user n, with the secret of that number.
func inviteMember(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	return domain.InviteMember{
		Meta: root(org), Workspace: ws, Profile: profile(n), Terms: domain.Terms{Role: role}, User: userID(n),
		Membership: membershipID(ws, userID(n)), Secret: secret(n),
	}
}

func secret(n int) domain.Hash { return domain.Hash{byte(n), byte(n >> 8), 0xF} }

// acceptInvitation accepts as the organization that has asked.
func acceptInvitation(org domain.OrganizationID, ws domain.WorkspaceID, n int) domain.Command {
	return domain.AcceptInvitation{Meta: root(org), Workspace: ws, User: userID(n)}
}

func changeRole(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	return domain.ChangeMember{Meta: root(org), Workspace: ws, User: userID(n), Role: &role}
}

func createRole(org domain.OrganizationID, key domain.RoleKey, level domain.Level, permissions ...domain.Permission) domain.Command {
	id := domain.RoleID{org[0], 0xE}
	copy(id[2:], key)
	return domain.CreateRole{Meta: root(org), Role: domain.Role{
		ID: id, Key: key, Name: "The " + string(key), Level: level, Permissions: permissions,
	}}
}

// muster is the metadata of a command of Muster's own.
func muster(org domain.OrganizationID) domain.Meta {
	m := root(org)
	m.Actor.ID = "muster"
	return m
}

func introduceMember(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	c := addMember(org, ws, n, role).(domain.AddMember)
	facts := profile(n)
	c.Profile = &facts
	return c
}

func removeMember(org domain.OrganizationID, ws domain.WorkspaceID, n int) domain.Command {
	return domain.RemoveMember{Meta: root(org), Workspace: ws, User: userID(n)}
}

func putOrganizationMember(org domain.OrganizationID, n int, role domain.OrganizationRole) domain.Command {
	return domain.PutOrganizationMember{Meta: root(org), User: userID(n), Role: role}
}

func removeOrganizationMember(org domain.OrganizationID, n int) domain.Command {
	return domain.RemoveOrganizationMember{Meta: root(org), User: userID(n)}
}

// later is when most queries are asked: after all that happens, and before anything
// ends that is to last.
var later = time.UnixMilli(1_770_000_000_000).UTC().Add(time.Hour)
