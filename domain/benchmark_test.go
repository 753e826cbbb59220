package domain

import (
	"fmt"
	"testing"
)

// benchmarkState returns a state like the writer's: the parts in use and many others.
func benchmarkState() *State {
	s := fold(stage...)
	for i := range 10_000 {
		u := UserID{0xff, byte(i >> 8), byte(i)}
		Evolve(s, &Recorded{Event: added(studio, u, RoleEditor), Number: uint64(100 + i), Time: now})
	}
	return s
}

func BenchmarkAddMember(b *testing.B) {
	s, who, number := benchmarkState(), by(adam), uint64(100_000)
	b.ReportAllocs()
	for b.Loop() {
		number++
		newcomer := UserID{0xfe, byte(number >> 16), byte(number >> 8), byte(number)}
		c := AddMember{who, studio, newcomer, Terms{Role: RoleEditor}, MembershipID(newcomer), nil}
		d, err := Decide(s, now, c)
		if err != nil || len(d.Events) != 1 {
			b.Fatal(d, err)
		}
		Evolve(s, &Recorded{Event: d.Events[0], Number: number, Time: now, Actor: who.Actor})
		s.Forget(c.target(s))
		s.Forget(UserMembershipsKey(acme, newcomer))
	}
}

func BenchmarkChangeMember(b *testing.B) {
	s, who, number := benchmarkState(), by(adam), uint64(100_000)
	roles := [...]RoleKey{RoleEditor, RoleViewer}
	b.ReportAllocs()
	for b.Loop() {
		number++
		d, err := Decide(s, now, changeRole(who, studio, edna, roles[number%2]))
		if err != nil || len(d.Events) != 1 {
			b.Fatal(d, err)
		}
		Evolve(s, &Recorded{Event: d.Events[0], Number: number, Time: now, Actor: who.Actor})
	}
}

func BenchmarkNeeds(b *testing.B) {
	s := fold(stage...)
	add := AddMember{by(adam), studio, cleo, Terms{Role: RoleEditor}, MembershipID{1}, nil}
	batch := Batch{Meta: by(adam), Workspace: studio}
	for i := range 99 {
		add, email := add, fmt.Sprintf("%d@example.com", i)
		add.User, add.Profile = UserID{0xfe, byte(i)}, &ProfilePatch{Email: &email}
		batch.Operations = append(batch.Operations, add)
	}
	for name, c := range map[string]Command{"add": add, "batch": batch} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(Needs(s, c)) == 0 {
					b.Fatal("nothing")
				}
			}
		})
	}
}
