package transport

import (
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/muster-dev/muster/domain"
)

// Reading an id of a body copies its text only if the text is escaped.
func TestIDsAreReadInPlace(t *testing.T) {
	read := func(text string) float64 {
		body := []byte(text)
		return testing.AllocsPerRun(100, func() {
			var id domain.UserID
			if err := json.Unmarshal(body, &id, strictValues); err != nil || id.IsZero() {
				t.Fatal(id, err)
			}
		})
	}
	plain, escaped := read(`"019cc043-af91-783e-9927-3daab1cd9277"`), read(`"\u0030`+`19cc043-af91-783e-9927-3daab1cd9277"`)
	if plain >= escaped {
		t.Errorf("%v allocations, and %v if it is escaped", plain, escaped)
	}
}
