package terminal

import (
	"errors"
	"time"

	"github.com/muster-dev/muster/domain"
)

// Overlap returns a flag for how long an old secret stays valid beside a new one.
func Overlap(overlap *time.Duration) *Parsed[time.Duration] {
	return NewParsed(overlap, "duration", parseOverlap)
}

func parseOverlap(text string) (time.Duration, error) {
	overlap, err := time.ParseDuration(text)
	if err != nil || overlap < 0 || overlap > domain.MaxOverlap || overlap%time.Second != 0 {
		return 0, errors.New("a duration in whole seconds like 30m or 24h is expected, 168h at most")
	}
	return overlap, nil
}
