package wire

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// slowly decodes a payload as [Envelope.DecodeAlone] does if quickly cannot.
func slowly(payload []byte, from Position) ([]Entry, bool) {
	values, err := split(payload)
	if err != nil {
		return nil, false
	}
	entries := make([]Entry, len(values))
	for i, value := range values {
		entry, position, err := decode(value)
		if err != nil || position != (Position{from.Partition, from.Number + uint64(i)}) {
			return nil, false
		}
		entries[i] = entry
	}
	return entries, true
}

// payloadOf returns a payload of events, from the number on, and with less to say of every
// other one.
func payloadOf(t testing.TB, number uint64, events ...domain.Event) []byte {
	t.Helper()
	var payload []byte
	for i, e := range events {
		r := recorded(e)
		r.Number = number + uint64(i)
		if i%2 == 0 {
			r.Actor = domain.Actor{Kind: domain.ActorSystem, ID: "root"}
			r.OnBehalfOf, r.Request, r.Cause, r.Reason = domain.UserID{}, domain.Hash{}, domain.EventID{}, ""
		}
		var err error
		if payload, err = Append(payload, 3, r); err != nil {
			t.Fatal(err)
		}
	}
	return append(payload, ']')
}

// What was written by this version is decoded quickly, with the same result.
func TestQuickly(t *testing.T) {
	payload := payloadOf(t, 7, append(samples(), samples()[1:]...)...)
	quick, ok := quickly(payload, Position{3, 7})
	slow, ok2 := slowly(payload, Position{3, 7})
	if !ok || !ok2 {
		t.Fatalf("quickly %t, slowly %t", ok, ok2)
	}
	if d := cmp.Diff(slow, quick); d != "" {
		t.Errorf("slowly - quickly +:\n%s", d)
	}
}

// Whatever is decoded quickly is decoded slowly to the same events.
func FuzzQuickly(f *testing.F) {
	f.Add(payloadOf(f, 7, samples()...))
	f.Add(payloadOf(f, 7, samples()[6], samples()[11]))
	for _, e := range samples() {
		f.Add(payloadOf(f, 7, e))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		quick, ok := quickly(bytes.Clone(payload), Position{3, 7})
		if !ok {
			return
		}
		slow, ok := slowly(payload, Position{3, 7})
		if d := cmp.Diff(slow, quick); !ok || d != "" {
			t.Errorf("slowly %t - quickly +:\n%s", ok, d)
		}
	})
}
