package domain

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

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
	Stamp
}

func (p *Profile) key() Key    { return ProfileKey(p.Organization, p.User) }
func (p *Profile) clone() Part { c := *p; return &c }

// Profile returns the user's entry in the organization's directory, or nil if
// there is none.
func (s *State) Profile(org OrganizationID, user UserID) *Profile {
	return PartOf[*Profile](s, ProfileKey(org, user))
}

// EmailHolder says who has an e-mail address in an organization's directory.
type EmailHolder struct {
	Organization OrganizationID
	Email        string // folded, see [FoldEmail]
	User         UserID
	// Version is the number of the event that gave them the address.
	Version uint64
}

func (h *EmailHolder) key() Key            { return EmailKey(h.Organization, h.Email) }
func (h *EmailHolder) version() uint64     { return h.Version }
func (h *EmailHolder) clone() Part         { c := *h; return &c }
func (h *EmailHolder) gone(time.Time) bool { return false }

// emailHolder returns the user who has the address in the organization's
// directory, or the zero id if nobody has it.
func (s *State) emailHolder(org OrganizationID, email string) UserID {
	if holder := PartOf[*EmailHolder](s, EmailKey(org, email)); holder != nil {
		return holder.User
	}
	return UserID{}
}

// UserProfileSet: the user's entry in the directory was written.
type UserProfileSet struct {
	About   `json:"-"`
	Profile ProfileFacts `json:"profile"`
}

// EventType is muster.user.profile_set.
func (UserProfileSet) EventType() string { return "muster.user.profile_set" }

func (s *State) userProfileSet(e UserProfileSet, r *Recorded) {
	profile := &Profile{Organization: e.Organization, User: e.User, ProfileFacts: e.Profile, Stamp: stamp(r)}
	if former := s.Profile(e.Organization, e.User); former != nil {
		profile.CreatedAt = former.CreatedAt
		s.make(EmailKey(e.Organization, former.Email), nil)
	}
	s.make(ProfileKey(e.Organization, e.User), profile)
	s.make(EmailKey(e.Organization, e.Profile.Email), &EmailHolder{
		Organization: e.Organization, Email: FoldEmail(e.Profile.Email), User: e.User, Version: r.Number,
	})
}

// SetProfile writes a user's entry in the directory.
type SetProfile struct {
	Meta
	User    UserID
	Profile ProfileFacts
}

// CommandType is set_profile.
func (SetProfile) CommandType() string { return "set_profile" }

func (c SetProfile) target(*State) Key { return ProfileKey(c.Organization, c.User) }

func (c SetProfile) needs(*State) []Key {
	return gainNeeds(c.Meta, ProfileKey(c.Organization, c.User), EmailKey(c.Organization, c.Profile.Email))
}

func (c SetProfile) decide(s *State, _ time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	if !c.ownName(s) {
		if _, err := s.organizationAuthority(c.Meta); err != nil {
			return nil, err
		}
	}
	if err := checkUser("/user_id", c.User); err != nil {
		return nil, err
	}
	return s.setProfile(c.Organization, c.User, c.Profile, "")
}

// ownName reports whether the command changes only the actor's own name and picture. Only
// the organization decides who has an e-mail address: a person who could claim one would
// get the invitations that are sent to it.
func (c SetProfile) ownName(s *State) bool {
	person, profile := c.person(), s.Profile(c.Organization, c.User)
	return !person.IsZero() && c.User == person && profile != nil && profile.Email == c.Profile.Email
}

// setProfile returns the event that writes the user's entry, or none if the entry is the
// same already. The pointer is where the profile's fields are in the request.
func (s *State) setProfile(org OrganizationID, user UserID, facts ProfileFacts, pointer string) ([]Event, error) {
	if err := facts.check(pointer); err != nil {
		return nil, err
	}
	if holder := s.emailHolder(org, facts.Email); !holder.IsZero() && holder != user {
		return nil, ErrEmailTaken
	}
	if p := s.Profile(org, user); p != nil && p.ProfileFacts == facts {
		return nil, nil
	}
	return []Event{UserProfileSet{About{Organization: org, User: user}, facts}}, nil
}

// checkUser refuses the zero id, which is nobody's.
func checkUser(pointer string, id UserID) error {
	if id.IsZero() {
		return &InvalidError{pointer, "required", "the id of a user is needed, and the nil UUID is nobody's"}
	}
	return nil
}

func (f ProfileFacts) check(pointer string) error {
	if err := checkEmail(pointer+"/email", f.Email); err != nil {
		return err
	}
	for _, field := range [...]struct{ pointer, name string }{
		{pointer + "/name/first", f.Name.First},
		{pointer + "/name/last", f.Name.Last},
	} {
		if field.name == "" {
			continue // some people have only one name
		}
		if err := checkName(field.pointer, field.name); err != nil {
			return err
		}
	}
	if f.AvatarURL != "" && (!strings.HasPrefix(f.AvatarURL, "https://") || utf8.RuneCountInString(f.AvatarURL) > MaxURL || !printable(f.AvatarURL)) {
		return &InvalidError{pointer + "/avatar_url", "invalid_url", fmt.Sprintf("an https address of at most %d characters is expected", MaxURL)}
	}
	return nil
}
