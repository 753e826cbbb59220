package subscription

import (
	"math/rand/v2"
	"time"
)

// schedule is how long to wait after each failure of an event. After the last one it is every
// hour.
var schedule = [...]time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute}

// jitter is the largest part of a wait by which it may be longer or shorter, so that endpoints
// that failed together are not tried together.
const jitter = 0.2

// LongestRetryAfter bounds how long an endpoint can ask to be left alone.
const LongestRetryAfter = 24 * time.Hour

// Schedule returns how long to wait after an attempt to deliver an event has failed. Attempts
// are counted from 1.
func Schedule(attempt int) time.Duration {
	wait := time.Hour
	if attempt >= 1 && attempt <= len(schedule) {
		wait = schedule[attempt-1]
	}
	return time.Duration(float64(wait) * (1 - jitter + 2*jitter*rand.Float64())) //nolint:gosec // nothing secret
}
