package roster

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
)

// The longest values that the API takes are imported. Those that are longer by one
// character are refused with the line and the field before anything is sent.
func TestLongestValues(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	role := strings.Repeat("r", longest[fieldRole])
	s.call(http.MethodPost, "/v1/organizations/"+org+"/roles", fmt.Sprintf(`{"key":%q,"name":"R","level":25,"permissions":["books.view"]}`, role), nil)
	ws := s.workspace(org, owner)
	long := func(n int) string { return strings.Repeat("é", n) }
	// An address of 254 characters, whose host has labels that are not too long.
	email := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3) + "ccc.ex"
	values := map[string]string{
		fieldEmail: email, fieldFirstName: long(domain.MaxName), fieldLastName: long(domain.MaxName),
		fieldAvatarURL: "https://x.example/" + strings.Repeat("a", domain.MaxURL-len("https://x.example/")),
		fieldRole:      role, fieldPermissions: "a." + strings.Repeat("b", longestPermission-2),
	}
	line := func(with map[string]string) string {
		return fmt.Sprintf("%s,%s,%s,%s,%s,%s,%s\n", uuid.NewString(), with[fieldEmail], with[fieldFirstName], with[fieldLastName], with[fieldAvatarURL], with[fieldRole], with[fieldPermissions])
	}
	header := "user_id,email,first_name,last_name,avatar_url,role,permissions\n"
	if r := s.imports(ws, header+line(values)); reported(&r) != "1 added, 0 suspended, 0 invited" || len(email) != domain.MaxEmail {
		t.Errorf("%d characters: %s: %v", len(email), reported(&r), r.Rejected)
	}
	s.onBatches(func(*http.Request) (func(), bool) {
		t.Error("a line is sent")
		return func() {}, false
	})
	for field, value := range values {
		with := map[string]string{fieldRole: "viewer", field: value + "x"}
		r := s.imports(ws, header+line(with))
		want := fmt.Sprintf("%s: at most %d characters are expected, and there are ", field, len([]rune(value)))
		if reported(&r) != "0 added, 0 suspended, 0 invited, 2 unreadable" || !strings.HasPrefix(r.Rejected[0].Detail, want) {
			t.Errorf("%s: %s: %v", field, reported(&r), r.Rejected)
		}
	}
}

// What is too long is refused wherever a file can say it.
func TestTooLong(t *testing.T) {
	long, many := strings.Repeat("a", 1_200_000), strings.TrimSpace(strings.Repeat("a.b ", domain.MaxPermissions+1))
	half := long[:900_000]
	for _, c := range []struct{ says, file, want string }{
		{"an address", "email,role\n" + long + "@x.example,viewer\na@x.example,viewer\n", "2 unreadable : email: at most 254 characters are expected, and there are 1200010|3 \"email\":\"a@x.example\",\"role\":\"viewer\"}"},
		{"a full name", "email,name\na@x.example," + long + "\n", "2 unreadable a@x.example: name: at most 200 characters are expected, and there are 1200000"},
		{"permissions", "email,permissions\na@x.example," + many + "\n", "2 unreadable a@x.example: permissions: at most 200 are expected, and there are 201"},
		{"in a column that is left out", "email,notes\na@x.example," + long + "\n", "2 \"email\":\"a@x.example\"}"},
		{"a first name in JSON", `{"email":"a@x.example","name":{"first":"` + half + `"}}`, "1 unreadable a@x.example: name.first: at most 200 characters are expected, and there are 900000"},
		{"a last name in JSON", `{"email":"a@x.example","name":{"last":"` + half + `"}}`, "1 unreadable a@x.example: name.last: at most 200 characters are expected, and there are 900000"},
		{"a permission in JSON", `{"email":"a@x.example","permissions":["` + half + `"]}`, "1 unreadable a@x.example: permissions: at most 100 characters are expected, and there are 900000"},
		{"permissions in JSON", `{"email":"a@x.example","permissions":["` + strings.ReplaceAll(many, " ", `","`) + `"]}`, "1 unreadable a@x.example: permissions: at most 200 are expected, and there are 201"},
	} {
		s := source{mapping: mapping{given: map[string]string{"notes": fieldIgnored}}}
		if c.file[0] == '{' {
			s.format = "jsonl"
		}
		_, got, err := read(&s, strings.NewReader(c.file))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(c.says, func(t *testing.T) { compare(t, got, strings.Split(c.want, "|")) })
	}
}

// A batch that is too large for one request is sent in halves, down to the single line.
func TestBatchTooLargeForARequest(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	i := importing{Client: s.client}
	if err := i.workspace.UnmarshalText([]byte(s.workspace(org, owner))); err != nil {
		t.Fatal(err)
	}
	i.size.Store(1000)
	i.invitations = new(invitations)
	var people []*person
	for n := range 9 {
		p := &person{Op: "add", Email: fmt.Sprintf("a%d@x.example", n), Role: "viewer", first: n + 2, last: n + 2}
		if n == 4 {
			p.AvatarURL = "https://x.example/" + strings.Repeat("a", 1_200_000)
		}
		people = append(people, p)
	}
	if failed := i.commit(t.Context(), people); failed != nil {
		t.Fatal(failed)
	}
	if i.invited != 8 || len(i.rejected) != 1 || i.rejected[0].Line != 6 || i.rejected[0].Code != "body_too_large" {
		t.Errorf("%d invited, %v", i.invited, i.rejected)
	}
}
