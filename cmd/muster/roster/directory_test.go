package roster

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
)

// An import changes in the directory what the file says, and nothing else.
func TestImportKeepsWhatTheFileDoesNotSay(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		says, format, file  string // with the user's id for %s
		first, last, avatar string
	}{
		{"an id alone", "csv", "user_id\n%s\n", "Ada", "Lovelace", "https://x.example/ada.png"},
		{"a first name", "csv", "user_id,first_name\n%s,Augusta\n", "Augusta", "Lovelace", "https://x.example/ada.png"},
		{"empty cells", "csv", "user_id,email,first_name,last_name,avatar_url\n%s,,,Byron,\n", "Ada", "Byron", "https://x.example/ada.png"},
		{"empty cells alone", "csv", "user_id,email,first_name,last_name,name,avatar_url\n%s,,,,,\n", "Ada", "Lovelace", "https://x.example/ada.png"},
		{"a full name", "csv", "user_id,name\n%s,Augusta King\n", "Augusta King", "", "https://x.example/ada.png"},
		{"a first name in JSON", "jsonl", `{"user_id":"%s","name":{"first":"Augusta"}}`, "Augusta", "Lovelace", "https://x.example/ada.png"},
		{"a first name that is null", "jsonl", `{"user_id":"%s","name":{"first":null,"last":"Byron"}}`, "Ada", "Byron", "https://x.example/ada.png"},
		{"a last name that is empty", "jsonl", `{"user_id":"%s","name":{"last":""},"avatar_url":"https://x.example/b.png"}`, "Ada", "", "https://x.example/b.png"},
		{"no name", "jsonl", `{"user_id":"%s","name":{},"avatar_url":null}`, "Ada", "Lovelace", "https://x.example/ada.png"},
	} {
		t.Run(c.says, func(t *testing.T) {
			org, owner := s.organization()
			path := "/v1/organizations/" + org + "/users/"
			ada := uuid.NewString()
			s.call(http.MethodPut, path+ada, `{"email":"ada@x.example","name":{"first":"Ada","last":"Lovelace"},"avatar_url":"https://x.example/ada.png"}`, nil)
			r := s.imports(s.workspace(org, owner), fmt.Sprintf(c.file, ada), "--from", c.format, "--role", "viewer")
			if got := reported(&r); got != "1 added, 0 suspended, 0 invited" {
				t.Errorf("%s: %v", got, r.Rejected)
			}
			var got struct {
				Email  string
				Name   domain.PersonName
				Avatar string `json:"avatar_url"`
			}
			s.call(http.MethodGet, path+ada, "", &got)
			if got.Email != "ada@x.example" || got.Name.First != c.first || got.Name.Last != c.last || got.Avatar != c.avatar {
				t.Errorf("the directory has %+v", got)
			}
		})
	}
}
