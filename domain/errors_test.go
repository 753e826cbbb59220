package domain

import "testing"

// The text of an error says what the error is about.
func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&InvalidError{"/role", "unknown_role", "the roles are few"}, "/role: the roles are few"},
		{
			&AlreadyMemberError{MembershipID{1}},
			"the user is already a member: membership 01000000-0000-0000-0000-000000000000",
		},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
