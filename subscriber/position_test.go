package subscriber

import (
	"encoding/json"
	"testing"
)

func TestPosition(t *testing.T) {
	for text, want := range map[string]Position{
		"0-0": {}, "0-17": {0, 17}, "3-1042": {3, 1042}, "65535-18446744073709551615": {65535, 1<<64 - 1},
	} {
		if got, err := ParsePosition(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-", "0", "0-", "-1", "0-01", "00-1", "+0-1", "0-+1", "0--1", " 0-1", "0-1 ", "0-1-2", "65536-1", "0-18446744073709551616", "latest"} {
		if got, err := ParsePosition(text); err == nil {
			t.Errorf("%q is the position %v", text, got)
		}
	}
}

func TestPositionCompare(t *testing.T) {
	for _, c := range []struct {
		p, q Position
		want int
	}{{Position{2, 1}, Position{2, 2}, -1}, {Position{2, 2}, Position{2, 2}, 0}, {Position{2, 2}, Position{}, 1}} {
		if got := c.p.Compare(c.q); got != c.want {
			t.Errorf("%v and %v: %d", c.p, c.q, got)
		}
	}
}

// A position survives JSON, the zero one too.
func TestPositionJSON(t *testing.T) {
	for text, want := range map[string]Position{`"3-1042"`: {3, 1042}, `""`: {}} {
		var got Position
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if written, err := json.Marshal(want); err != nil || string(written) != text {
			t.Errorf("%v: %s, %v", want, written, err)
		}
	}
	if err := json.Unmarshal([]byte(`"x"`), new(Position)); err == nil {
		t.Error("x is a position")
	}
}

func FuzzParsePosition(f *testing.F) {
	for _, text := range []string{"0-17", "3-1042", "03-1", "-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := ParsePosition(text); err == nil && p.String() != text {
			t.Errorf("%q is read as %s", text, p)
		}
	})
}
