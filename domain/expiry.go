package domain

import "time"

// checkExpiry checks that a membership or token ends in the future or never. RFC 3339
// cannot express a time after the year 9999.
func checkExpiry(expires, at time.Time) error { return checkFuture("/expires_at", expires, at) }

// checkFuture is [checkExpiry] for any field.
func checkFuture(pointer string, t, at time.Time) error {
	switch {
	case t.IsZero():
		return nil
	case !t.After(at):
		return &InvalidError{pointer, "in_the_past", "a time in the future is expected"}
	case t.UTC().Year() > 9999:
		return &InvalidError{pointer, "out_of_range", "a time before the year 10000 is expected"}
	}
	return nil
}

// endsLater reports whether the time a is after b. The zero time is never and comes after
// all others.
func endsLater(a, b time.Time) bool { return !b.IsZero() && (a.IsZero() || a.After(b)) }

// orZero returns the time, or the zero time for nil.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// orNil returns the time, or nil for the zero time.
func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
