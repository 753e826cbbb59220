package wire

import (
	"bytes"
	"errors"
	"maps"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
)

// A damaged header is damage, and not a message of number 0.
func TestParseEnvelopeRefusesDamagedHeaders(t *testing.T) {
	good := Next(Checkpoint{}, "w", nil).Headers()
	for _, name := range []string{headerFirst, headerPrevious} {
		for _, value := range []string{"", "0", "x", "-1"} {
			headers := maps.Clone(good)
			headers[name] = value
			if _, err := ParseEnvelope(1, func(name string) string { return headers[name] }, nil); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: %q is taken: %v", name, value, err)
			}
		}
	}
}

// message returns the envelope of that many events that follow the checkpoint.
func message(t testing.TB, after Checkpoint, events int) Envelope {
	t.Helper()
	var payload []byte
	ids := EventIDs{Last: after.ID}
	for i := range events {
		r := domain.Recorded{
			Event: domain.MemberAdded{
				About:      domain.About{Organization: domain.OrganizationID{1}, Workspace: domain.WorkspaceID{2}, User: domain.UserID(uuid.New())},
				Membership: domain.MembershipID(uuid.New()), Role: domain.RoleEditor,
			},
			ID: ids.Next(testTime), Number: after.Number + uint64(i) + 1, Time: testTime,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"}, Command: domain.CommandID(uuid.New()),
		}
		var err error
		if payload, err = Append(payload, after.Partition, &r); err != nil {
			t.Fatal(err)
		}
	}
	return Next(after, "w", append(payload, ']'))
}

// What is written with headers is read from them again, and continues the chain.
func TestMessagesFormAChain(t *testing.T) {
	var at Checkpoint
	for range 3 {
		written := message(t, at, 2)
		headers := written.Headers()
		read, err := ParseEnvelope(written.Sequence, func(name string) string { return headers[name] }, written.Payload)
		if err != nil {
			t.Fatal(err)
		}
		m, err := read.Decode(at)
		if err != nil {
			t.Fatal(err)
		}
		if m.First() != at.Number+1 || m.Last() != at.Number+2 || m.Writer != "w" || m.Hash != written.Link() {
			t.Errorf("read %+v", m)
		}
		for i := range m.Entries {
			if e := &m.Entries[i]; !bytes.Contains(written.Payload, e.Stored) {
				t.Errorf("event %d is stored as %s, which the payload does not have", e.Number, e.Stored)
			}
		}
		at = m.Checkpoint()
	}
}

// A message that is not the next one, or does not continue the chain, is damage.
func TestDecodeRefusesABrokenChain(t *testing.T) {
	after := Checkpoint{Position: Position{Number: 7}, Message: 3, Hash: domain.Hash{1}}
	good := message(t, after, 2)
	for name, change := range map[string]func(*Envelope){
		"another message":    func(e *Envelope) { e.Sequence++ },
		"another number":     func(e *Envelope) { e.First++ },
		"another chain":      func(e *Envelope) { e.Previous = domain.Hash{2} },
		"a payload cut":      func(e *Envelope) { e.Payload = e.Payload[:len(e.Payload)-1] },
		"a payload too long": func(e *Envelope) { e.Payload = append(bytes.Clone(e.Payload), '1') },
		"no events":          func(e *Envelope) { e.Payload = []byte("[]") },
	} {
		bad := good
		change(&bad)
		if _, err := bad.Decode(after); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s is taken: %v", name, err)
		}
	}
	elsewhere := after
	elsewhere.Partition = 1
	if _, err := good.Decode(elsewhere); !errors.Is(err, ErrDamaged) {
		t.Errorf("an event of another partition is taken: %v", err)
	}
}

// BenchmarkDecode measures what it takes to read one event from a message of 64.
func BenchmarkDecode(b *testing.B) {
	e := message(b, Checkpoint{}, 64)
	b.SetBytes(int64(len(e.Payload)) / 64)
	for b.Loop() {
		if _, err := e.Decode(Checkpoint{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(64*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
