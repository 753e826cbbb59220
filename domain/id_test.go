package domain

import (
	"strings"
	"testing"
)

func FuzzParseID(f *testing.F) {
	for _, s := range []string{
		"019cc043-af91-783e-9927-3daab1cd9277", "019CC043-AF91-783E-9927-3DAAB1CD9277", "00000000-0000-0000-0000-000000000000",
		"", "*", ">", "019cc043af91783e99273daab1cd9277", "{019cc043-af91-783e-9927-3daab1cd9277}",
		"urn:uuid:019cc043-af91-783e-9927-3daab1cd9277", "019cc043-af91-783e-9927-3daab1cd927g", "019cc043-af91-783e-9927-3daab1cd92\x00\x00",
		"019cc043-af91-783e-9927-3daab1cd92ü", "019cc043-af91-783e--9273daab1cd92777", "019cc043-af91x783e-9927-3daab1cd9277",
		"019cc043xaf91-783e-9927-3daab1cd9277", "019cc043-af91-783ex9927-3daab1cd9277", "019cc043-af91-783e-9927x3daab1cd9277", strings.Repeat("x", 200),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID[userKind](s)
		if err != nil {
			if !id.IsZero() || len(err.Error()) > 500 {
				t.Errorf("%q: %v, %v", s, id, err)
			}
			return
		}
		if id.String() != strings.ToLower(s) {
			t.Errorf("%q is read as %s", s, id)
		}
		if strings.ContainsAny(id.String(), ".*> ") {
			t.Errorf("%q reaches a subject as %s", s, id)
		}
		again, err := ParseID[userKind](id.String())
		if err != nil || again != id {
			t.Errorf("%s is read as %s, %v", id, again, err)
		}
	})
}

func TestIDText(t *testing.T) {
	const text = "019cc043-af91-783e-9927-3daab1cd9277"
	id := MustParseID[userKind](strings.ToUpper(text))
	marshalled, err := id.MarshalText()
	if err != nil || string(marshalled) != text {
		t.Errorf("marshalled: %s, %v", marshalled, err)
	}
	appended, err := id.AppendText([]byte("users/"))
	if err != nil || string(appended) != "users/"+text {
		t.Errorf("appended: %s, %v", appended, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a malformed constant does not panic")
		}
	}()
	MustParseID[userKind]("nobody")
}

func FuzzHash(f *testing.F) {
	f.Add(strings.Repeat("0f", 32))
	f.Add(strings.Repeat("xy", 32))
	f.Add("0f")
	f.Fuzz(func(t *testing.T, s string) {
		var h Hash
		if err := h.UnmarshalText([]byte(s)); err != nil {
			return
		}
		if text, err := h.MarshalText(); err != nil || string(text) != strings.ToLower(s) {
			t.Errorf("%q is read as %s, %v", s, text, err)
		}
	})
}
