package transport

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What a Time writes it reads again, to the millisecond.
func TestTimeReadsWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want Time
		if rapid.Bool().Draw(t, "set") {
			want = Time(time.UnixMilli(rapid.Int64Range(-62135596799999, 253402300799999).Draw(t, "at")).UTC())
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got := Time(time.Now()) // null must replace it
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s is read as %v, %v; want %v", text, time.Time(got), err, time.Time(want))
		}
	})
}

// A Time reads other forms of RFC 3339 as well, and nothing else.
func TestTimeReadsRFC3339(t *testing.T) {
	want := time.Date(2026, 3, 5, 23, 9, 47, 0, time.UTC)
	for _, text := range []string{`"2026-03-05T23:09:47Z"`, `"2026-03-06T00:09:47+01:00"`, `"2026-03-05T23:09:47.000000Z"`} {
		var got Time
		if err := json.Unmarshal([]byte(text), &got); err != nil || !time.Time(got).Equal(want) || time.Time(got).Location() != time.UTC {
			t.Errorf("%s is read as %v, %v", text, time.Time(got), err)
		}
	}
	for _, text := range []string{`""`, `"yesterday"`, `"2026-03-05"`, `1772752187`, `{}`, `true`} {
		var got Time
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s is read as %v", text, time.Time(got))
		}
	}
}
