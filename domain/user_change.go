package domain

import (
	"fmt"
	"time"
)

// ProfilePatch is what a command says about a person. A nil field says nothing: what the
// directory has stays.
type ProfilePatch struct {
	Email       *string
	First, Last *string // empty: no such name
	AvatarURL   *string // empty: no picture
}

// Patch returns the patch that says all of the facts.
func (f ProfileFacts) Patch() ProfilePatch {
	return ProfilePatch{&f.Email, &f.Name.First, &f.Name.Last, &f.AvatarURL}
}

// needs appends what [State.setProfile] must see, in addition to the user's entry.
func (p ProfilePatch) needs(keys []Key, s *State, org OrganizationID, user UserID) []Key {
	if p.Email != nil {
		keys = append(keys, EmailKey(org, *p.Email))
	}
	if known := s.Profile(org, user); known != nil && (p.Email == nil || *p.Email != known.Email) {
		keys = append(keys, EmailKey(org, known.Email)) // it may be given up
	}
	return keys
}

// apply returns the facts with what the patch says. It refuses an unfit text, except one
// that the directory has already. The pointer is where the profile is in the request.
func (p ProfilePatch) apply(facts ProfileFacts, pointer string) (ProfileFacts, error) {
	if p.Email != nil && *p.Email != facts.Email {
		email, err := ParseEmail(pointer+"/email", *p.Email)
		if err != nil {
			return facts, err
		}
		facts.Email = email
	}
	if facts.Email == "" {
		return facts, &InvalidError{pointer + "/email", "required", "an e-mail address is needed: the directory has none of this user"}
	}
	for _, field := range [...]struct {
		pointer  string
		to, sent *string
		check    func(pointer, text string) error
	}{
		{pointer + "/name/first", &facts.Name.First, p.First, checkName},
		{pointer + "/name/last", &facts.Name.Last, p.Last, checkName},
		{pointer + "/avatar_url", &facts.AvatarURL, p.AvatarURL, checkURL},
	} {
		if field.sent == nil || *field.sent == *field.to {
			continue
		}
		if *field.sent != "" { // some people have only one name
			if err := field.check(field.pointer, *field.sent); err != nil {
				return facts, err
			}
		}
		*field.to = *field.sent
	}
	return facts, nil
}

// fit returns the facts of somebody new, with the address in the form in which it is kept.
// It refuses unfit texts.
func (f ProfileFacts) fit(pointer string) (ProfileFacts, error) {
	if f.Email == "" {
		return f, &InvalidError{pointer + "/email", "invalid_email", expectedEmail}
	}
	return f.Patch().apply(ProfileFacts{}, pointer)
}

// SetProfile writes what it says into a user's entry in the directory.
type SetProfile struct {
	Meta
	User    UserID
	Profile ProfilePatch
}

// CommandType is set_profile.
func (SetProfile) CommandType() string { return "set_profile" }

func (c SetProfile) target(*State) Key { return ProfileKey(c.Organization, c.User) }

func (c SetProfile) needs(keys []Key, s *State) []Key {
	return gainNeeds(c.Profile.needs(append(keys, c.target(s)), s, c.Organization, c.User), c.Meta)
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
	return !person.IsZero() && c.User == person && profile != nil && (c.Profile.Email == nil || profile.Email == *c.Profile.Email)
}

// setProfile returns the event that writes the patch into the user's entry, or none if
// the entry says so already. The pointer is where the profile is in the request.
func (s *State) setProfile(org OrganizationID, user UserID, patch ProfilePatch, pointer string) ([]Event, error) {
	var known ProfileFacts
	if p := s.profilePart(org, user); p != nil {
		if p.Erasure.Pending() { // another key would be taken while nobody knows whether the last one is gone
			return nil, ErrErasurePending
		}
		known = p.ProfileFacts
	}
	facts, err := patch.apply(known, pointer)
	if err != nil {
		return nil, err
	}
	if facts == known {
		return nil, nil
	}
	holder, same := s.emailHolder(org, facts.Email), FoldEmail(facts.Email) == FoldEmail(known.Email)
	if !same && !holder.IsZero() && holder != user {
		return nil, ErrEmailTaken
	}
	set := UserProfileSet{About: About{Organization: org, User: user}, Profile: facts}
	if p := s.Profile(org, user); p != nil {
		set.Sealed.Key = p.Key
	}
	return []Event{set}, nil
}

// introduce returns the events that write what an added member's command says about the
// user. Only an actor who acts for the organization changes the directory: whoever ties
// an address to a user decides who gets the invitations that are sent to it. Managers of a
// workspace can repeat what the directory says.
func (s *State) introduce(m Meta, user UserID, patch ProfilePatch) ([]Event, error) {
	if _, err := s.organizationAuthority(m); err != nil {
		// Repeating what the directory says would tell somebody who cannot read it that it does.
		if known := s.Profile(m.Organization, user); known == nil || !patch.repeats(known.ProfileFacts) || !s.reads(m, user) {
			return nil, fmt.Errorf("only somebody who acts for the organization may tie an e-mail address to a user or change their profile: "+
				"add the user by user_id alone, or invite the person by email alone: %w", ErrNotAllowed)
		}
		return nil, nil
	}
	return s.setProfile(m.Organization, user, patch, "")
}

// repeats reports whether the patch says nothing that differs from the facts, apart from
// how the address is written.
func (p ProfilePatch) repeats(facts ProfileFacts) bool {
	same := func(sent *string, known string) bool { return sent == nil || *sent == known }
	return (p.Email == nil || FoldEmail(*p.Email) == FoldEmail(facts.Email)) &&
		same(p.First, facts.Name.First) && same(p.Last, facts.Name.Last) && same(p.AvatarURL, facts.AvatarURL)
}

// checkUser refuses the zero id, which is nobody's.
func checkUser(pointer string, id UserID) error {
	if id.IsZero() {
		return &InvalidError{pointer, "required", "the id of a user is needed, and the nil UUID is nobody's"}
	}
	return nil
}
