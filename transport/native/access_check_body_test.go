package native

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

const usualCheck = `{"user_id":"019cc043-af91-783e-9927-3daab1cd9277","workspace_id":"019CC043-AF91-783E-9927-3DAAB1CD9278","role":"editor"}`

func TestUsualCheck(t *testing.T) {
	for text, want := range map[string]bool{
		usualCheck: true,
		strings.NewReplacer(":", ": ", ",", ", ").Replace(usualCheck): true,
		`{"permission":"content.edit"}`:                               true, // what is missing is found later
		`{}`:                                                          false,
		``:                                                            false,
		usualCheck + ` `:                                              false,
		usualCheck[:len(usualCheck)-1] + `,"role":"editor"}`:       false,
		usualCheck[:len(usualCheck)-1] + `,}`:                      false,
		usualCheck[:len(usualCheck)-1] + `,"reason":"none"}`:       false,
		`{"role":"edit\u006fr"}`:                                   false,
		`{"role":"éditeur"}`:                                       false,
		`{"role":null}`:                                            false,
		`{"role":""}`:                                              false,
		`{"user_id":"00000000-0000-0000-0000-000000000000"}`:       false,
		`{"user_id":"019cc043af91783e99273daab1cd9277"}`:           false,
		`["role":"editor"]`:                                        false,
		`{"Role":"editor"}`:                                        false,
		`{ "role":"editor"}`:                                       false,
		`{"role" :"editor"}`:                                       false,
		`{"role":"editor"`:                                         false,
		`{"role":"editor","role":"editor","user_id":` + `"` + `"}`: false,
	} {
		if got := new(checkAccessBody).ReadUsual([]byte(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

// What is read as usual, the decoder reads as the same.
func FuzzUsualCheck(f *testing.F) {
	for _, text := range []string{usualCheck, `{"permission": "a.b", "role": "x"}`, `{"role":"a","role":"b"}`, `{"role":"\\"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var usual, decoded checkAccessBody
		if !usual.ReadUsual([]byte(text)) {
			return
		}
		if err := json.Unmarshal([]byte(text), &decoded, json.RejectUnknownMembers(true)); err != nil || decoded != usual {
			t.Errorf("%s: %+v, decoded as %+v: %v", text, usual, decoded, err)
		}
	})
}
