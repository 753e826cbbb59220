package domain

import (
	"testing"

	"pgregory.net/rapid"
)

// An answer shows what the command is about even if nothing changed, and with it what
// belongs to it.
func TestAnswer(t *testing.T) {
	roles := after(withRoles, UserProfileSet{About: user(edna), Profile: profile("edna@acme.test")}, changed(studio, edna, RoleEditor, analyst.Key))
	for name, c := range map[string]struct {
		when Command
		want []Key
	}{
		"a member": {
			changeRole(by(olga), studio, edna, analyst.Key),
			[]Key{MembershipKey(studio, edna), ProfileKey(acme, edna), CustomRoleKey(acme, analyst.Key)},
		},
		"of the organization": {PutOrganizationMember{by(ada), ada, OrganizationOwner}, []Key{OrganizationMemberKey(acme, ada), ProfileKey(acme, ada)}},
		"a workspace":         {RenameWorkspace{by(olga), studio, "Studio"}, []Key{WorkspaceKey(studio)}},
		"two members": {
			TransferOwnership{by(olga), studio, olga, olga}, []Key{MembershipKey(studio, olga)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := see(fold(roles...), c.when)
			d, err := Decide(s, now, c.when)
			if err != nil || len(d.Events) > 0 {
				t.Fatalf("%v, %v", d.Events, err)
			}
			answer := d.Answer(c.when, s)
			if answer.Len() != len(c.want) {
				t.Errorf("%d parts are shown", answer.Len())
			}
			for _, k := range c.want {
				if PartOf[Part](answer, k) == nil || KeyOf(PartOf[Part](answer, k)) != k {
					t.Errorf("%v is not shown", k)
				}
			}
		})
	}
}

// sameAnswer checks what the answer to a command shows, and the result that a second command
// for the same request would get. The state holds only what the command needs, with the
// events folded in.
func sameAnswer(t *rapid.T, c Command, d *Decision, s *State) {
	_, _ = Shown(targets(c, d), d.Events, func(k Key) (Part, error) {
		if !s.Holds(k) {
			t.Fatalf("%#v shows %v and does not need it", c, k)
		}
		return s.part(k), nil
	})
	if len(d.Events) == 0 {
		return
	}
	kept := Done{After: d.Kept(s)}
	if _, several := c.(Batch); !several { // of a batch, what the refused operations are about is not kept
		for _, k := range targets(c, d) {
			if s.part(k) != nil && kept.After.part(k) == nil {
				t.Fatalf("%#v with %v shows %v, and not when it is repeated", c, d.Events, k)
			}
		}
	}
	target, outcomes := kept.Replay(c)
	if target != d.Target || len(outcomes) != len(d.Outcomes) {
		t.Fatalf("%#v is about %v, and when repeated about %v", c, d.Target, target)
	}
	done, batch := 0, Batch{}
	if outcomes != nil {
		batch = c.(Batch)
	}
	for i, o := range outcomes {
		if o.Err == nil {
			done++
			if o != d.Outcomes[i] && !alike(batch.Operations, i) {
				t.Fatalf("operation %d of %#v: %v, and when repeated %v", i, c, d.Outcomes[i], o)
			}
		}
	}
	users := map[UserID]bool{}
	for _, e := range d.Events {
		if about := e.Concerns(); !about.Workspace.IsZero() {
			users[about.User] = true
		}
	}
	if outcomes != nil && done != len(users) {
		t.Fatalf("%d operations of %#v were done, and when repeated %d", len(users), c, done)
	}
}

// alike reports whether an operation invites the same address as another one. The record
// of a batch does not say which of the two was done.
func alike(operations []Command, i int) bool {
	invite, ok := operations[i].(InviteMember)
	for j, operation := range operations {
		other, also := operation.(InviteMember)
		if ok && also && i != j && FoldEmail(invite.Profile.Email) == FoldEmail(other.Profile.Email) {
			return true
		}
	}
	return false
}
