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

// BenchmarkDecodeAdded measures decoding them.
func BenchmarkDecodeAdded(b *testing.B) {
	var payload []byte
	for _, r := range added() {
		var err error
		if payload, err = Append(payload, 3, r); err != nil {
			b.Fatal(err)
		}
	}
	payload = append(payload, ']')
	b.ReportAllocs()
	for b.Loop() {
		values, err := split(payload)
		if err != nil {
			b.Fatal(err)
		}
		for _, v := range values {
			if _, _, err := Decode(v); err != nil {
				b.Fatal(err)
			}
		}
	}
}
