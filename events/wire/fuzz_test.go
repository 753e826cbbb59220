package wire

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzDecode(f *testing.F) {
	for _, e := range samples() {
		wire, err := Encode(nil, 3, recorded(e))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		entry, position, err := Decode(wire)
		if err != nil {
			return
		}
		// What decodes can be encoded again, and then decodes to the same event.
		again, err := Encode(nil, position.Partition, &entry.Recorded)
		if err != nil {
			t.Fatal(err)
		}
		second, _, err := Decode(again)
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, wire, again)
		}
		if d := cmp.Diff(entry.Recorded, second.Recorded); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(`[{"a":1},{"b":[2]}]`))
	f.Add([]byte(`[ 1 , "x" ]`))
	f.Add([]byte(`[]x`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		values, err := split(payload)
		if err != nil {
			return
		}
		var want []json.RawMessage
		if err := json.Unmarshal(payload, &want); err != nil || len(want) != len(values) {
			t.Fatalf("%d values, encoding/json: %d, %v", len(values), len(want), err)
		}
		for i := range want {
			if !bytes.Equal(want[i], values[i]) {
				t.Fatalf("value %d is %s, not %s", i, values[i], want[i])
			}
		}
	})
}

func FuzzParsePosition(f *testing.F) {
	f.Add("3-1042")
	f.Add("-")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePosition(s)
		if err != nil {
			return
		}
		if again, err := ParsePosition(p.String()); err != nil || again != p {
			t.Fatalf("%q is %v, which is written as %q", s, p, p)
		}
	})
}
