package domain

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// PersonName is a person's name as they give it.
type PersonName struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// ProfileFacts is what a directory says of a person. Personal data stands here
// and nowhere else in the log.
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

func (p *Profile) clone() Part { c := *p; return &c }

// EmailHolder says whose an e-mail address is in an organization's directory.
type EmailHolder struct {
	User UserID
	// Version is the number of the event that gave them the address.
	Version uint64
}

func (h *EmailHolder) version() uint64     { return h.Version }
func (h *EmailHolder) clone() Part         { c := *h; return &c }
func (h *EmailHolder) gone(time.Time) bool { return false }

// UserProfileSet: the directory says this of the user.
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
	s.make(EmailKey(e.Organization, e.Profile.Email), &EmailHolder{User: e.User, Version: r.Number})
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
	if err := s.mayGain(c.Meta); err != nil {
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

// ownName reports whether the command changes only how the actor themself is called
// and looks. An e-mail address is somebody's because the organization says so:
// whoever could claim one would get the invitations that go to it.
func (c SetProfile) ownName(s *State) bool {
	person, profile := c.person(), s.Profile(c.Organization, c.User)
	return !person.IsZero() && c.User == person && profile != nil && profile.Email == c.Profile.Email
}

// setProfile answers the event that brings the directory to say this of the
// user, none when it does already. The pointer is where the fields stand.
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

// checkUser demands somebody: the zero id stands for nobody.
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
	for _, part := range [...]struct{ pointer, name string }{
		{pointer + "/name/first", f.Name.First},
		{pointer + "/name/last", f.Name.Last},
	} {
		if part.name == "" {
			continue // not everybody has both
		}
		if err := checkName(part.pointer, part.name); err != nil {
			return err
		}
	}
	if f.AvatarURL != "" && (!strings.HasPrefix(f.AvatarURL, "https://") || utf8.RuneCountInString(f.AvatarURL) > MaxURL || !printable(f.AvatarURL)) {
		return &InvalidError{pointer + "/avatar_url", "invalid_url", fmt.Sprintf("an https address of at most %d characters is expected", MaxURL)}
	}
	return nil
}
