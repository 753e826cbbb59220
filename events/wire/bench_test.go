package wire

import (
	"testing"

	"github.com/muster-dev/muster/domain"
)

// added returns the two events of a person who is added with a profile.
func added() []*domain.Recorded {
	return []*domain.Recorded{recorded(samples()[6]), recorded(samples()[11])}
}

// BenchmarkEncode measures encoding the two events of a person who is added.
func BenchmarkEncode(b *testing.B) {
	events := added()
	buffer := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buffer = buffer[:0]
		for _, r := range events {
			var err error
			if buffer, err = Append(buffer, 3, r); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkDecodeAdded measures decoding 64 of these events in one message.
func BenchmarkDecodeAdded(b *testing.B) {
	var events []domain.Event
	for range 32 {
		for _, r := range added() {
			events = append(events, r.Event)
		}
	}
	payload := payloadOf(b, 1, events...)
	for _, how := range []struct {
		name   string
		decode func([]byte, Position) ([]Entry, bool)
	}{{"quickly", quickly}, {"slowly", slowly}} {
		b.Run(how.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := how.decode(payload, Position{3, 1}); !ok {
					b.Fatal("it cannot be decoded")
				}
			}
			b.ReportMetric(float64(len(events)*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
