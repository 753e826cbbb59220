package domain

import "time"

// Part is one part of an aggregate. Its version is the number of the last event
// that changed what clients see of it. The count of owners in a header is not seen
// by clients, so it changes without a new version. The types are listed at
// [KeyKind].
//
//sumtype:decl
type Part interface {
	key() Key
	version() uint64
	clone() Part
	// gone reports whether the thing existed once and no longer does at that time.
	gone(at time.Time) bool
}

// KeyOf returns the key that names the part.
func KeyOf(p Part) Key { return p.key() }

// Stamp says when a part was made and when it was last changed.
type Stamp struct {
	CreatedAt time.Time
	UpdatedAt time.Time
	// Version is the number of the last event that changed the part.
	Version uint64
}

func (s Stamp) version() uint64     { return s.Version }
func (s Stamp) gone(time.Time) bool { return false }

func stamp(r *Recorded) Stamp {
	return Stamp{CreatedAt: r.Time, UpdatedAt: r.Time, Version: r.Number}
}

func (s *Stamp) touch(r *Recorded) { s.UpdatedAt, s.Version = r.Time, r.Number }
