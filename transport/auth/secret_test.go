package auth

import (
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
)

func TestNewSecret(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		text := NewSecret(OrganizationSecret)
		if len(text) != len("tot_")+52 || !IsToken(text) || seen[text] {
			t.Fatalf("%s is not a token of its own", text)
		}
		seen[text] = true
	}
}

func TestTokenSecret(t *testing.T) {
	ws, user := domain.WorkspaceID{1}, domain.UserID{1}
	for _, c := range []struct {
		workspace domain.WorkspaceID
		user      domain.UserID
		want      SecretKind
	}{
		{want: "tot_"}, {user: user, want: "tpt_"}, {workspace: ws, want: "twt_"}, {workspace: ws, user: user, want: "twt_"},
	} {
		if got := TokenSecret(c.workspace, c.user); got != c.want {
			t.Errorf("a token bound to %v and %v begins with %s, want %s", c.workspace, c.user, got, c.want)
		}
	}
}

// A checksum of 32 bits notices every change of a single character.
func TestSecretNoticesTypos(t *testing.T) {
	text := NewSecret(UserSecret)
	for i := range text {
		for _, c := range []byte("aZ0-_ ") {
			if text[i] == c {
				continue
			}
			typo := text[:i] + string(c) + text[i+1:]
			if IsToken(typo) {
				t.Errorf("%s, with another character at %d, passes for a token", typo, i)
			}
		}
	}
}

func FuzzIsToken(f *testing.F) {
	f.Add(NewSecret(WorkspaceSecret))
	f.Add("")
	f.Add("tot_" + strings.Repeat("0", 52))
	f.Fuzz(func(t *testing.T, text string) {
		if !IsToken(text) {
			return
		}
		rest := text[:len(text)-checksumLength]
		if text != string(appendChecksum([]byte(rest), []byte(rest))) {
			t.Errorf("%q passes for a token, with a wrong checksum", text)
		}
	})
}
