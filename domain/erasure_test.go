package domain

import "testing"

var (
	noraKey    = PersonalKeyID{1: 7}
	noraSealed = UserProfileSet{About: user(nora), Profile: profile("nora@x"), Sealed: SealedProfile{Key: noraKey, Text: "AAAA"}}
	noraAsked  = UserErasureRequested{user(nora), noraKey}
	noraErased = UserErased{user(nora), noraKey}
)

var erasures = []row{
	{name: "who has left", given: after(stage, noraSealed), when: RequestErasure{by(ada), nora}, then: []Event{noraAsked}},
	{name: "who has left, by a program", given: after(stage, noraSealed), when: RequestErasure{byProgram, nora}, then: []Event{noraAsked}},
	{name: "by an admin", given: after(stage, noraSealed), when: RequestErasure{by(ben), nora}, err: ErrNotAllowed},
	{name: "twice", given: after(stage, noraSealed, noraAsked), when: RequestErasure{by(ada), nora}},
	{name: "who was erased", given: after(stage, noraSealed, noraAsked, noraErased), when: RequestErasure{by(ada), nora}},
	{name: "whom nobody knows", given: stage, when: RequestErasure{by(ada), nora}, err: ErrUnknownUser},
	{name: "who still has a membership", given: after(stage, noraSealed, added(studio, nora, RoleViewer)), when: RequestErasure{by(ada), nora}, err: ErrUserBelongs},
	{name: "whose profile is in the clear", given: after(stage, UserProfileSet{About: user(nora), Profile: profile("nora@x")}), when: RequestErasure{by(ada), nora}, err: ErrProfileInClear},
	{name: "whose first profile is in the clear", given: after(stage, UserProfileSet{About: user(nora), Profile: profile("nora@y")}, noraSealed), when: RequestErasure{by(ada), nora}, err: ErrProfileInClear},

	{name: "the end", given: after(stage, noraSealed, noraAsked), when: FinishErasure{byMuster, nora, noraKey}, then: []Event{noraErased}},
	{name: "the end, twice", given: after(stage, noraSealed, noraAsked, noraErased), when: FinishErasure{byMuster, nora, noraKey}},
	{name: "the end of another one", given: after(stage, noraSealed, noraAsked), when: FinishErasure{byMuster, nora, PersonalKeyID{5}}},
	{name: "the end, by a program", given: after(stage, noraSealed, noraAsked), when: FinishErasure{byProgram, nora, noraKey}, err: ErrNotAllowed},

	{name: "a profile while the former one is erased", given: after(stage, noraSealed, noraAsked), when: SetProfile{by(ada), nora, profile("nora@x").Patch()}, err: ErrErasurePending},
	{name: "a profile again", given: after(stage, noraSealed, noraAsked, noraErased), when: SetProfile{by(ada), nora, profile("nora@x").Patch()}, then: []Event{
		UserProfileSet{About: user(nora), Profile: profile("nora@x")}, // with a new key
	}},
	{name: "a profile with the same key", given: after(stage, noraSealed), when: SetProfile{by(ada), nora, profile("nora@y").Patch()}, then: []Event{
		UserProfileSet{About: user(nora), Profile: profile("nora@y"), Sealed: SealedProfile{Key: noraKey}},
	}},
}

// The result of an earlier command has nothing of somebody who was erased.
func TestErasureForgetsResults(t *testing.T) {
	s := fold(after(stage, noraSealed)...)
	before := s.Copy([]Key{ProfileKey(acme, nora)})
	s.Put(DoneKey(acme, CommandID{3}), &Done{Organization: acme, Command: CommandID{3}, After: before})
	Evolve(s, &Recorded{Event: noraAsked, Number: 1000, Time: now, ID: EventID{1}})
	if after := s.Done(acme, CommandID{3}).After; after.Profile(acme, nora) != nil || after.profilePart(acme, nora).ProfileFacts != (ProfileFacts{}) {
		t.Error("the result still has the profile")
	}
	if before.Profile(acme, nora) == nil {
		t.Error("the erasure has changed a result that somebody may be reading")
	}
	if holder := s.emailHolder(acme, "nora@x"); !holder.IsZero() {
		t.Errorf("%s still holds the address", holder)
	}
}
