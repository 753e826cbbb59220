package roster

import (
	"fmt"
	"slices"
	"strings"
)

// A field is what a column of a file can say of a person.
const (
	fieldUserID      = "user_id"
	fieldEmail       = "email"
	fieldFirstName   = "first_name"
	fieldLastName    = "last_name"
	fieldFullName    = "name" // of a file that has the name in one column
	fieldAvatarURL   = "avatar_url"
	fieldRole        = "role"
	fieldPermissions = "permissions"
	fieldExpiresAt   = "expires_at"
	fieldState       = "state"
	fieldStatus      = "status" // of the person's account in another system
	fieldIgnored     = "ignore" // nothing
)

// columns are the columns of a CSV file, in the order in which they are exported. A file
// to import can have them in any order and leave some out.
var columns = []string{
	fieldUserID, fieldEmail, fieldFirstName, fieldLastName, fieldAvatarURL, fieldRole, fieldPermissions, fieldExpiresAt, fieldState,
}

// fields are what --map can map a column to.
var fields = append(slices.Clone(columns), fieldFullName, fieldStatus, fieldIgnored)

// synonyms are the fields under the names that other systems give their columns, in the
// form of [plain]. The names are those of the files that these systems write:
//
//   - Google Workspace, Admin console: "First Name [Required]", "Last Name [Required]",
//     "Email Address [Required]", "Status [READ ONLY]"
//     (https://support.google.com/a/answer/40057)
//   - Slack, member list: username, email, status, fullname, displayname
//   - GitHub, members of an organization (users of its API): login, name, email, role
//   - Okta, profiles of users: login, firstName, lastName, email, and status
//     (https://help.okta.com/en/prod/Content/Topics/users-groups-profiles/usgp-import-users-csv.htm)
//   - Microsoft Entra, bulk download: userPrincipalName, displayName, surname, mail,
//     givenName, accountEnabled
//     (https://learn.microsoft.com/en-us/entra/identity/users/users-bulk-download)
var synonyms = map[string]string{
	"e_mail": fieldEmail, "email_address": fieldEmail, "e_mail_address": fieldEmail, "emailaddress": fieldEmail,
	"mail": fieldEmail, "primary_email": fieldEmail, "primary_email_address": fieldEmail,
	"firstname": fieldFirstName, "given_name": fieldFirstName, "givenname": fieldFirstName,
	"lastname": fieldLastName, "surname": fieldLastName, "family_name": fieldLastName, "familyname": fieldLastName,
	"full_name": fieldFullName, "fullname": fieldFullName,
	"avatarurl": fieldAvatarURL, "expiresat": fieldExpiresAt,
	"account_status": fieldStatus, "user_status": fieldStatus, "accountenabled": fieldStatus, "account_enabled": fieldStatus,
}

// second are names that count only in a file with no other column for the field: a
// display name is often a nickname, and mail does not always reach a principal name.
var second = map[string]string{
	"display_name": fieldFullName, "displayname": fieldFullName,
	"userprincipalname": fieldEmail, "user_principal_name": fieldEmail,
}

// address are columns that show that a column called state is part of an address.
var address = []string{"street_address", "streetaddress", "city", "country", "countrycode", "postalcode", "postal_code", "zipcode", "zip_code", "zip"}

// plain returns a column's name without what systems vary in it: in lower case, without
// what brackets enclose, and with one underscore for spaces, hyphens, dots and slashes.
func plain(name string) string {
	var b strings.Builder
	depth, gap := 0, false
	for _, r := range strings.ToLower(strings.TrimSpace(name)) {
		switch {
		case r == '[' || r == '(':
			depth++
		case r == ']' || r == ')':
			depth = max(depth-1, 0)
		case depth > 0:
		case strings.ContainsRune(" _-./\u00a0", r):
			gap = b.Len() > 0
		default:
			if gap {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(r)
		}
	}
	return b.String()
}

// column is a column of a file and the field that it was mapped to.
type column struct {
	Name  string `json:"column"`
	Field string `json:"field"` // fieldIgnored for a column that is not read
}

// mapping says what the columns of a file mean.
type mapping struct {
	given         map[string]string // --map: the field by the column's plain name
	names         map[string]string // the names as they were given, by the plain name
	ignoreUnknown bool
}

// set reads one --map.
func (m *mapping) set(text string) error {
	at := strings.LastIndexByte(text, '=')
	if at <= 0 || !slices.Contains(fields, text[at+1:]) || plain(text[:at]) == "" {
		return fmt.Errorf("COLUMN=FIELD is expected, with one of these fields: %s", strings.Join(fields, ", "))
	}
	if m.given == nil {
		m.given, m.names = map[string]string{}, map[string]string{}
	}
	key := plain(text[:at])
	if _, twice := m.given[key]; twice {
		return fmt.Errorf("the column %q is mapped twice", text[:at])
	}
	m.given[key], m.names[key] = text[at+1:], text[:at]
	return nil
}

// knows reports whether a column has a name that says what it is.
func (m *mapping) knows(name string) bool {
	key := plain(name)
	return m.given[key] != "" || slices.Contains(fields, key) || synonyms[key] != "" || second[key] != ""
}

// columns maps the header of a file.
func (m *mapping) columns(header []string) ([]column, error) {
	found := make([]column, len(header))
	keys := make([]string, len(header))
	for i, name := range header {
		found[i].Name, keys[i] = strings.TrimSpace(name), plain(name)
	}
	for key, name := range m.names {
		if !slices.Contains(keys, key) {
			return nil, fmt.Errorf("--map names a column %q, and the file has none: its columns are %s", name, quoted(header))
		}
	}
	addressed := slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(address, key) })
	// What --map says comes first, then names of the field, then names that only count
	// when there is no other.
	for _, named := range []func(key string) string{
		func(key string) string { return m.given[key] },
		func(key string) string {
			switch {
			case key == fieldIgnored, key == fieldState && addressed:
				return ""
			case slices.Contains(fields, key):
				return key
			}
			return synonyms[key]
		},
		func(key string) string { return second[key] },
	} {
		taken := map[string]bool{}
		for _, c := range found {
			taken[c.Field] = c.Field != ""
		}
		chosen := map[string]int{}
		for i, key := range keys {
			field := named(key)
			if field == "" || found[i].Field != "" {
				continue
			}
			if taken[field] && field != fieldIgnored {
				found[i].Field = fieldIgnored
				continue
			}
			if other, twice := chosen[field]; twice && field != fieldIgnored {
				return nil, fmt.Errorf("the columns %q and %q are both the field %s: say which one is not, as in --map %q", found[other].Name, found[i].Name, field, found[i].Name+"="+fieldIgnored)
			}
			chosen[field], found[i].Field = i, field
		}
	}
	return m.known(found)
}

// known refuses columns that have no field, unless they are to be ignored, and a file
// that does not say who the people are.
func (m *mapping) known(found []column) ([]column, error) {
	var unknown []string
	names := false
	for i, c := range found {
		if c.Field == "" {
			unknown = append(unknown, c.Name)
			found[i].Field = fieldIgnored
		}
		names = names || c.Field == fieldEmail || c.Field == fieldUserID
	}
	switch {
	case !names:
		return nil, fmt.Errorf("no column has e-mail addresses or user ids: say which one does, as in --map \"Work e-mail=email\"; the columns are %s", quotedColumns(found))
	case len(unknown) > 0 && !m.ignoreUnknown:
		return nil, fmt.Errorf("these columns are not known: %s: leave them out with --ignore-unknown, or say what one is with --map COLUMN=FIELD; the fields are %s", quoted(unknown), strings.Join(fields, ", "))
	}
	return found, nil
}

func quoted(names []string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = fmt.Sprintf("%.60q", name)
	}
	return strings.Join(shown, ", ")
}

func quotedColumns(found []column) string {
	names := make([]string, len(found))
	for i, c := range found {
		names[i] = c.Name
	}
	return quoted(names)
}

// key returns the field of a key of an object in JSONL. Keys are taken to the letter,
// so that two of them are never the same one in different case.
func (m *mapping) key(name string) (field string, err error) {
	if field, ok := m.given[plain(name)]; ok {
		return field, nil
	}
	switch {
	case slices.Contains(objectKeys, name):
		return name, nil
	case slices.Contains(objectKeys, plain(name)):
		return "", fmt.Errorf("the key %.60q is expected to be written %q", name, plain(name))
	case m.ignoreUnknown:
		return fieldIgnored, nil
	}
	return "", fmt.Errorf("the key %.60q is not known: leave such keys out with --ignore-unknown, or say what it is with --map KEY=FIELD; the keys are %s", name, strings.Join(objectKeys, ", "))
}

// objectKeys are the keys of an object in JSONL.
var objectKeys = []string{
	fieldUserID, fieldEmail, fieldFullName, fieldAvatarURL, fieldRole, fieldPermissions, fieldExpiresAt, fieldState,
}
