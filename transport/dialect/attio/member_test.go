package attio

import (
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// An avatar is shown if it is the address of something. The directory may have others from
// before they were checked.
func TestShowsAvatars(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://acme.example/a.png?size=96":   true,
		"https://acme.example:8443/a b.png":    true,
		"https://bücher.example/ä.png":         true,
		"https://[2001:db8::1]/a.png":          true,
		"":                                     false,
		"https://":                             false,
		"https:///a.png":                       false,
		"https://:443/a.png":                   false,
		"https://acme example/a.png":           false,
		"https://acme.example:99999/a.png":     false,
		"https://acme.example:port/a.png":      false,
		"https://acme.example/%zz/a.png":       false,
		"https://[2001:db8::1/a.png":           false,
		"https://acme.example\\@other.example": false,
	} {
		m := &projections.Member{Profile: &domain.Profile{}}
		m.Profile.AvatarURL = address
		if got := show(m).AvatarURL; (got != nil) != want || want && *got != address {
			t.Errorf("%q is shown as %v", address, got)
		}
	}
}
