package native

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

const usualAdd = `{"user_id":"019cc043-af91-783e-9927-3daab1cd9277","role":"editor","email":"ada@acme.example"}`

func TestUsualAdd(t *testing.T) {
	for text, want := range map[string]bool{
		usualAdd:        true,
		usualAdd + "\n": true,
		strings.NewReplacer(":", ": ", ",", ", ").Replace(usualAdd): true,
		`{"email":"ada@acme.example"}`:                              true, // what is missing is found later
		usualAdd[:len(usualAdd)-1] + `,"suspended":true}`:           false,
		usualAdd[:len(usualAdd)-1] + `,"name":{"first":"Ada"}}`:     false,
		usualAdd[:len(usualAdd)-1] + `,"email":"b@acme.example"}`:   false,
		`{"email":""}`: false,
		`{"user_id":"00000000-0000-0000-0000-000000000000"}`: false,
	} {
		if got := new(addMemberBody).ReadUsual([]byte(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

// What is read as usual, the decoder reads as the same.
func FuzzUsualAdd(f *testing.F) {
	for _, text := range []string{usualAdd, `{"email": "a", "role": "x"}`, `{"role":"a","role":"b"}`, `{"email":"\\"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var usual, decoded addMemberBody
		if !usual.ReadUsual([]byte(text)) {
			return
		}
		err := json.Unmarshal([]byte(text), &decoded, json.RejectUnknownMembers(true))
		if diff := cmp.Diff(decoded, usual); err != nil || diff != "" {
			t.Errorf("%s: %v, decoded - usual +\n%s", text, err, diff)
		}
	})
}
