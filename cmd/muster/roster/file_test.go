package roster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-dev/muster/cmd/muster/roster/table"
)

// read reads a file as an import does. It returns a line for each person, with what is
// sent, and for each line that is rejected.
func read(s *source, file io.Reader) (*reader, []string, error) {
	if s.format == "" {
		s.format = "csv"
	}
	if s.encoding == "" {
		s.encoding = table.Auto
	}
	in, err := s.open(file)
	if err != nil {
		return nil, nil, err
	}
	var all []string
	for {
		p, err := in.next()
		if errors.Is(err, io.EOF) {
			return in, all, nil
		}
		wrong := unreadable(err)
		for _, r := range wrong {
			all = append(all, fmt.Sprintf("%d %s %s: %s", r.Line, r.Code, r.Who, r.Detail))
		}
		if wrong == nil && err != nil {
			return in, all, err
		}
		if err == nil {
			sent, err := json.Marshal(p)
			if err != nil {
				return in, all, err
			}
			all = append(all, fmt.Sprintf("%d %s", p.first, strings.TrimPrefix(string(sent), `{"op":"add",`)))
		}
	}
}

// The files that other systems write are read. The samples have the columns of the real
// ones, and invented people.
func TestFilesOfOthers(t *testing.T) {
	zoe := `"email":"zoe@acme.example","name":{"first":"Zoë","last":"Ångström"},`
	for _, c := range []struct {
		file    string
		columns string // that are read
		people  []string
	}{
		{"google.csv", "First Name [Required] is first_name, Last Name [Required] is last_name, Email Address [Required] is email, Status [READ ONLY] is status", []string{
			"2 {" + zoe + `"role":"viewer"}`,
			"4 account_not_active bo@acme.example: ", // line 3 is the rest of an address
		}},
		{"slack.csv", "email is email, status is status, fullname is name", []string{
			`2 {"email":"zoe@acme.example","name":{"first":"Zoë Ångström","last":""},"role":"viewer"}`,
			"3 account_not_active bo@acme.example: ",
			`4 {"email":"kay@acme.example","name":{"first":"Lund, Kay","last":""},"role":"viewer"}`,
			"5 account_not_active guest@partner.example: ",
			"6 unreadable : an e-mail address or a user id is expected",
		}},
		{"github.csv", "name is name, email is email, role is role", []string{
			`2 {"email":"zoe@acme.example","name":{"first":"Zoë Ångström","last":""},"role":"admin"}`,
			`3 {"email":"bo@acme.example","name":{"first":"Bo Ek","last":""},"role":"member"}`, // which the service refuses
			"4 unreadable : an e-mail address or a user id is expected",
		}},
		{"okta.csv", "firstName is first_name, lastName is last_name, email is email, displayName is name, status is status", []string{
			"2 {" + zoe + `"role":"viewer"}`,
			"3 account_not_active bo@acme.example: ",
		}},
		{"entra.csv", "displayName is name, surname is last_name, mail is email, givenName is first_name, accountEnabled is status", []string{
			"2 {" + zoe + `"role":"viewer"}`,
			`3 {"email":"gil@partner.example","name":{"first":"Gil Guest","last":""},"role":"viewer"}`,
			"4 account_not_active bo@acme.example: ",
		}},
		{"excel_semicolons.csv", "E-Mail is email, First Name is first_name, Last Name is last_name, Role is role, Expires At is expires_at", []string{
			"3 {" + zoe + `"role":"editor","expires_at":"2100-01-31T00:00:00.000Z"}`,
			`4 {"email":"bo@acme.example","name":{"first":"Bo","last":"Ek; son of Åke"},"role":"viewer"}`,
		}},
		{"excel_unicode.txt", "E-Mail is email, First Name is first_name, Last Name is last_name, Role is role, Expires At is expires_at", []string{
			"2 {" + zoe + `"role":"editor","expires_at":"2100-01-31T00:00:00.000Z"}`,
			`3 {"email":"bo@acme.example","name":{"first":"Bo","last":"Ek; son of Åke"},"role":"viewer"}`,
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			f, err := os.Open(filepath.Join("testdata", c.file))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			s := source{role: "viewer", mapping: mapping{ignoreUnknown: true}}
			if c.file == "excel_semicolons.csv" {
				s.encoding = table.Windows1252
			}
			in, got, err := read(&s, f)
			if err != nil {
				t.Fatal(err)
			}
			if columns := shown(in.columns); columns != c.columns {
				t.Errorf("the columns are read as: %s", columns)
			}
			compare(t, got, c.people)
		})
	}
}

func shown(columns []column) string {
	var read []string
	for _, c := range columns {
		if c.Field != fieldIgnored {
			read = append(read, c.Name+" is "+c.Field)
		}
	}
	return strings.Join(read, ", ")
}

// compare compares lines with what they must begin with. Braces around what is sent can
// be left out.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			t.Errorf("more than expected: %s", got[i])
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case !strings.HasPrefix(strings.ReplaceAll(got[i], "{", ""), strings.ReplaceAll(want[i], "{", "")):
			t.Errorf("read as\n%s\nnot\n%s", got[i], want[i])
		}
	}
}

// A header says what the columns are, or is refused with what to do.
func TestHeader(t *testing.T) {
	for _, c := range []struct {
		header, maps string
		want         string // what is read, or a part of the error
	}{
		{"email,role", "", "email is email, role is role"},
		{"EMAIL,Role", "", "EMAIL is email, Role is role"},
		{"E-Mail Address, first-name ,LAST NAME,User_ID", "", "E-Mail Address is email, first-name is first_name, LAST NAME is last_name, User_ID is user_id"},
		{"email", "", "email is email"},
		{"userPrincipalName,displayName", "", "userPrincipalName is email, displayName is name"},
		{"Work mail;Rôle", "work MAIL=email Rôle=role", "Work mail is email, Rôle is role"},
		{"email,role,status", "status=ignore", "email is email, role is role"},
		{"email,private mail,role", "email=ignore private_mail=email", "private mail is email, role is role"},
		{"email,mail", "mail=email", "mail is email"},
		{"email,state,colour", "colour=ignore", "email is email, state is state"},
		{"email,state,city", "city=ignore state=ignore", "email is email"},
		{"email,colour,taste", "", `these columns are not known: "colour", "taste": leave them out with --ignore-unknown`},
		{"email,state,city", "", `these columns are not known: "state", "city"`},
		{"email,", "", `these columns are not known: ""`},
		{"email,Email", "", `the columns "email" and "Email" are both the field email`},
		{"mail,e-mail address", "", `the columns "mail" and "e-mail address" are both the field email`},
		{"a,b", "a=email b=email", `the columns "a" and "b" are both the field email`},
		{"first_name,role", "", "no column has e-mail addresses or user ids"},
		{"ada@example.com,editor", "", "no column has e-mail addresses or user ids"},
		{"email", "colour=ignore", `--map names a column "colour", and the file has none: its columns are "email"`},
		{"", "", "the file is empty"},
		{",,", "", "the file is empty"},
		{"email,\"notes\na@x.example,good\"", "notes=ignore", "the names of the columns cannot be read: lines 1 to 2: the value in column 2 has a line break"},
		{"email,\"role", "", "the names of the columns cannot be read: line 1: a quotation mark is misplaced"},
		{"email,r\xf4le", "", "the names of the columns cannot be read: line 1: the value in column 2 is not valid UTF-8"},
		{"PK\x03\x04", "", "this is not text but an archive"},
		{"email\x00", "", "the names of the columns cannot be read: line 1: the value in column 1 has a zero byte"},
		{`{"email":"a@x.example","role":"viewer"}`, "", "looks like JSON: say --from jsonl"},
		{`[{"email":"a@x.example","role":"viewer"}]`, "", "looks like JSON: say --from jsonl"},
	} {
		var s source
		for m := range strings.FieldsSeq(strings.ReplaceAll(c.maps, "work MAIL", "work_MAIL")) {
			if err := s.mapping.set(m); err != nil {
				t.Fatal(err)
			}
		}
		in, _, err := read(&s, strings.NewReader(c.header+"\n"))
		switch {
		case err != nil && !strings.Contains(err.Error(), c.want):
			t.Errorf("%q with %q is refused with: %v", c.header, c.maps, err)
		case err == nil && shown(in.columns) != c.want:
			t.Errorf("%q with %q is read as: %s", c.header, c.maps, shown(in.columns))
		}
	}
	for _, wrong := range []string{"", "email", "=email", "a=colour", "[x]=email"} {
		if err := new(mapping).set(wrong); err == nil || !strings.Contains(err.Error(), "COLUMN=FIELD is expected, with one of these fields: user_id, email,") {
			t.Errorf("--map %q: %v", wrong, err)
		}
	}
}
