package roster

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/muster-dev/muster/domain"
)

// longest is how many characters the API takes in a field. It checks the fields that are
// not here in another way.
var longest = map[string]int{
	fieldEmail: domain.MaxEmail, fieldFirstName: domain.MaxName, fieldLastName: domain.MaxName, fieldFullName: domain.MaxName,
	fieldAvatarURL: domain.MaxURL, fieldRole: 50,
}

// longestPermission is how many characters the API takes in a permission.
const longestPermission = 100

// tooLong returns an error if the text is longer than it can be. One such text could make a
// batch too large for a request. The name is what the file calls the field.
func tooLong(name, text string, most int) error {
	if most == 0 || len(text) <= most {
		return nil
	}
	if n := utf8.RuneCountInString(norm.NFC.String(strings.TrimSpace(text))); n > most {
		return fmt.Errorf("%s: at most %d characters are expected, and there are %d", name, most, n)
	}
	return nil
}

// tooMany returns an error if there are more permissions, or longer ones, than the API takes.
func tooMany(permissions []string) error {
	if len(permissions) > domain.MaxPermissions {
		return fmt.Errorf("permissions: at most %d are expected, and there are %d", domain.MaxPermissions, len(permissions))
	}
	for _, p := range permissions {
		if err := tooLong(fieldPermissions, p, longestPermission); err != nil {
			return err
		}
	}
	return nil
}
