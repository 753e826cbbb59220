package subscriber

import "time"

// From says where a stream begins.
type From struct{ after string }

var (
	// Earliest is the beginning of history. It is also the zero From.
	Earliest = From{"earliest"}
	// Latest is the end of history: the stream begins with the next event.
	Latest = From{"latest"}
)

// After begins with the first event after the position, which is usually that of the last
// event that was handled. After the zero [Position] is the beginning of history, so that a
// program without a stored position gets everything.
func After(p Position) From {
	if p.IsZero() {
		return Earliest
	}
	return From{p.String()}
}

// Since begins with the first event that was recorded at the time or later.
func Since(t time.Time) From { return From{t.UTC().Format(time.RFC3339Nano)} }
