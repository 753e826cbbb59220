package domain

import (
	"fmt"
	"time"
)

// Erasure says that a user's profile was erased from an organization's directory, or is being
// erased. The zero value says that it was not, or that the user has a profile again.
type Erasure struct {
	// Key sealed the profiles that were erased.
	Key PersonalKeyID
	// Request is the event that asked for the erasure.
	Request     EventID
	RequestedAt time.Time
	// DoneAt is when the end of the erasure was recorded. It is zero before, when the key may not
	// be destroyed yet.
	DoneAt time.Time
}

// Asked reports whether the profile reads as erased.
func (e Erasure) Asked() bool { return !e.RequestedAt.IsZero() }

// Pending reports whether the key may not be destroyed yet.
func (e Erasure) Pending() bool { return e.Asked() && e.DoneAt.IsZero() }

// UserErasureRequested: the user's profile was given up. From now on it reads as erased, and the
// key that sealed it is destroyed.
type UserErasureRequested struct {
	About `json:"-"`
	Key   PersonalKeyID `json:"key"`
}

// EventType is muster.user.erasure_requested.
func (UserErasureRequested) EventType() string { return "muster.user.erasure_requested" }

// UserErased: the key that sealed the user's profile was destroyed. Nobody can read the profile
// any more, in no copy of the log.
type UserErased struct {
	About `json:"-"`
	Key   PersonalKeyID `json:"key"`
}

// EventType is muster.user.erased.
func (UserErased) EventType() string { return "muster.user.erased" }

func (s *State) userErasureRequested(e UserErasureRequested, r *Recorded) {
	if former := s.Profile(e.Organization, e.User); former != nil {
		s.holdEmail(e.Organization, former.Email, e.User)
	}
	erasure := Erasure{Key: e.Key, Request: r.ID, RequestedAt: r.Time}
	s.make(ProfileKey(e.Organization, e.User), &Profile{Organization: e.Organization, User: e.User, Stamp: stamp(r), Erasure: erasure})
	s.Each(func(k Key, p Part) {
		if done, ok := p.(*Done); ok && done.Organization == e.Organization && done.After != nil {
			s.Put(k, done.without(e.User, erasure))
		}
	})
}

// without returns the record without the user's profile. Somebody may be reading the record, so
// it does not change.
func (d *Done) without(user UserID, erasure Erasure) *Done {
	key := ProfileKey(d.Organization, user)
	former := PartOf[*Profile](d.After, key)
	if former == nil {
		return d
	}
	var keys []Key
	d.After.Each(func(k Key, _ Part) { keys = append(keys, k) })
	// As it is if the key was destroyed before the profile was folded.
	erased := Profile{Organization: former.Organization, User: former.User, Key: former.Key, Erasure: erasure}
	without := *d
	without.After = d.After.Copy(keys)
	without.After.Put(key, &erased)
	return &without
}

func (s *State) userErased(e UserErased, r *Recorded) {
	if p := s.profilePart(e.Organization, e.User); p != nil {
		p.Erasure.DoneAt = r.Time
		p.touch(r)
	}
}

// Erasure returns what is known of the erasure of the user's profile, and the number of the
// event that last changed it.
func (s *State) Erasure(org OrganizationID, user UserID) (e Erasure, version uint64) {
	if p := s.profilePart(org, user); p != nil {
		return p.Erasure, p.Version
	}
	return Erasure{}, 0
}

// RequestErasure erases a user's profile in the organization. The profile is gone for everybody
// with this command, and Muster then destroys the key with which the log can be read
// ([FinishErasure]). It cannot be undone.
//
// The user must have left the organization: a member without a name could neither be recognised
// nor be invited again, and what they still may do would be nobody's.
type RequestErasure struct {
	Meta
	User UserID
}

// CommandType is request_erasure.
func (RequestErasure) CommandType() string { return "request_erasure" }

func (c RequestErasure) target(*State) Key { return ProfileKey(c.Organization, c.User) }

func (c RequestErasure) needs(keys []Key, s *State) []Key {
	keys = append(keys, c.target(s), OrganizationMemberKey(c.Organization, c.User), UserMembershipsKey(c.Organization, c.User))
	if p := s.Profile(c.Organization, c.User); p != nil {
		keys = append(keys, EmailKey(c.Organization, p.Email)) // it is given up
	}
	return keys
}

func (c RequestErasure) decide(s *State, at time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	level, err := s.organizationAuthority(c.Meta)
	if err != nil {
		return nil, err
	}
	if level < LevelTop {
		return nil, fmt.Errorf("erasing takes an owner of the organization, or a program: %w", ErrNotAllowed)
	}
	part := s.profilePart(c.Organization, c.User)
	switch {
	case part == nil:
		return nil, fmt.Errorf("user %s in organization %s: %w", c.User, c.Organization, ErrUnknownUser)
	case part.Erasure.Asked():
		return nil, nil
	case s.belongs(c.Organization, c.User, at):
		return nil, fmt.Errorf("user %s: %w", c.User, ErrUserBelongs)
	case part.InClear:
		return nil, fmt.Errorf("user %s: %w", c.User, ErrProfileInClear)
	}
	return []Event{UserErasureRequested{About{Organization: c.Organization, User: c.User}, part.Key}}, nil
}

// FinishErasure records that the key of a user's profile was destroyed. Muster itself issues it,
// with the event that asked for the erasure as its cause.
type FinishErasure struct {
	Meta
	User UserID
	Key  PersonalKeyID
}

// CommandType is finish_erasure.
func (FinishErasure) CommandType() string { return "finish_erasure" }

func (c FinishErasure) target(*State) Key { return ProfileKey(c.Organization, c.User) }

func (c FinishErasure) needs(keys []Key, s *State) []Key { return append(keys, c.target(s)) }

func (c FinishErasure) decide(s *State, _ time.Time) ([]Event, error) {
	if c.Actor.Kind != ActorSystem {
		return nil, fmt.Errorf("the ends of erasures are recorded by Muster: %w", ErrNotAllowed)
	}
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	if e, _ := s.Erasure(c.Organization, c.User); !e.Pending() || e.Key != c.Key {
		return nil, nil // another node was faster
	}
	return []Event{UserErased{About{Organization: c.Organization, User: c.User}, c.Key}}, nil
}
