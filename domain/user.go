package domain

import "time"

// PersonName is a person's name, as the person writes it.
type PersonName struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// ProfileFacts is what a directory says about a person. Personal data is stored here and
// nowhere else in the log.
type ProfileFacts struct {
	Email     string     `json:"email"`
	Name      PersonName `json:"name"`
	AvatarURL string     `json:"avatar_url,omitempty"`
}

// Profile is a user's entry in an organization's directory.
type Profile struct {
	Organization OrganizationID
	User         UserID
	ProfileFacts
	// Key seals the user's profiles in the log, from the first one on. It is zero if there is
	// none yet.
	Key PersonalKeyID `json:",omitzero"`
	// InClear reports that the log has a profile of the user that is not sealed. No key can
	// be destroyed to erase it.
	InClear bool `json:",omitzero"`
	// Erasure says that there is no profile any more, or not yet again.
	Erasure Erasure `json:",omitzero"`
	Stamp
}

func (p *Profile) key() Key    { return ProfileKey(p.Organization, p.User) }
func (p *Profile) clone() Part { c := *p; return &c }

func (p *Profile) gone(time.Time) bool { return p.Erasure.Asked() }

// Profile returns the user's entry in the organization's directory, or nil if
// there is none or if it was erased.
func (s *State) Profile(org OrganizationID, user UserID) *Profile {
	if p := s.profilePart(org, user); p != nil && !p.Erasure.Asked() {
		return p
	}
	return nil
}

// profilePart returns the user's profile, also an erased one.
func (s *State) profilePart(org OrganizationID, user UserID) *Profile {
	return PartOf[*Profile](s, ProfileKey(org, user))
}

// EmailHolder says who has an e-mail address in an organization's directory.
type EmailHolder struct {
	Organization OrganizationID
	Email        string // folded, see [FoldEmail]
	Holding
	// Others have the address too, the latest first. No command gives a second user an
	// address, but earlier versions told addresses apart that are the same now.
	Others []Holding
}

// Holding is a user's entry in the directory that has an address.
type Holding struct {
	User UserID
	// Version is the number of the event that last wrote the entry.
	Version uint64
}

func (h *EmailHolder) key() Key            { return EmailKey(h.Organization, h.Email) }
func (h *EmailHolder) version() uint64     { return h.Version }
func (h *EmailHolder) clone() Part         { c := *h; return &c } // Others never change
func (h *EmailHolder) gone(time.Time) bool { return false }

// EmailHeldBy returns who has an address, given the entries that have it with the latest
// first. It returns nil if there are none.
func EmailHeldBy(org OrganizationID, folded string, entries []Holding) *EmailHolder {
	if len(entries) == 0 {
		return nil
	}
	return &EmailHolder{org, folded, entries[0], append([]Holding(nil), entries[1:]...)}
}

// holdEmail records that the user's entry has the address; with no entries, that it no
// longer has it.
func (s *State) holdEmail(org OrganizationID, email string, user UserID, entries ...Holding) {
	key := EmailKey(org, email)
	if held := PartOf[*EmailHolder](s, key); held != nil {
		for _, other := range append([]Holding{held.Holding}, held.Others...) {
			if other.User != user {
				entries = append(entries, other)
			}
		}
	}
	if holder := EmailHeldBy(org, key.Text, entries); holder != nil {
		s.make(key, holder)
	} else {
		s.make(key, nil)
	}
}

// emailHolder returns the user who has the address in the organization's
// directory, or the zero id if nobody has it.
func (s *State) emailHolder(org OrganizationID, email string) UserID {
	if holder := PartOf[*EmailHolder](s, EmailKey(org, email)); holder != nil {
		return holder.User
	}
	return UserID{}
}

// otherHolders returns the entries that get the address when its present holder loses it.
func (s *State) otherHolders(org OrganizationID, email string) []Holding {
	if holder := PartOf[*EmailHolder](s, EmailKey(org, email)); holder != nil {
		return holder.Others
	}
	return nil
}

// UserProfileSet: the user's entry in the directory was written.
type UserProfileSet struct {
	About   `json:"-"`
	Profile ProfileFacts `json:"profile"`
	// Sealed is the profile as the log has it. It is zero if the log has it in the clear.
	Sealed SealedProfile `json:"-"`
	// Erased reports that the key of the sealed profile was destroyed. The profile is empty
	// then, for ever.
	Erased bool `json:"-"`
}

// SealedProfile is a profile that only the holder of a key can read.
type SealedProfile struct {
	Key  PersonalKeyID
	Text string // what is sealed, in base64
}

// EventType is muster.user.profile_set.
func (UserProfileSet) EventType() string { return "muster.user.profile_set" }

func (s *State) userProfileSet(e UserProfileSet, r *Recorded) {
	profile := &Profile{Organization: e.Organization, User: e.User, ProfileFacts: e.Profile, Key: e.Sealed.Key, InClear: e.Sealed.Key.IsZero(), Stamp: stamp(r)}
	if former := s.Profile(e.Organization, e.User); former != nil {
		profile.InClear = profile.InClear || former.InClear
		if former.Email != "" { // else nobody can read it any more
			profile.CreatedAt = former.CreatedAt
			s.holdEmail(e.Organization, former.Email, e.User)
		}
	}
	s.make(ProfileKey(e.Organization, e.User), profile)
	if !e.Erased {
		s.holdEmail(e.Organization, e.Profile.Email, e.User, Holding{e.User, r.Number})
	}
}
