package webhook

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

const anID = `"id":"01KK047BWHEHJPWV35EHT6AWKK"`

func thin(t testing.TB, event string) string {
	t.Helper()
	b, err := Endpoint{}.render([][]byte{[]byte(event)})
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	return string(b.text)
}

// Only data.profile goes, with one comma, and every other byte stays.
func TestThin(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		`{` + anID + `}`: `{` + anID + `}`,
		`{` + anID + `,"data":{"profile":{"email":"a@b.example"}}}`:               `{` + anID + `,"data":{}}`,
		`{` + anID + `,"data":{"profile":null,"role":1}}`:                         `{` + anID + `,"data":{"role":1}}`,
		`{` + anID + `,"data":{"role":1,"profile":{}}}`:                           `{` + anID + `,"data":{"role":1}}`,
		`{` + anID + `,"data":{"a":"\u003c","profile":["x"],"b":1.50}}`:           `{` + anID + `,"data":{"a":"\u003c","b":1.50}}`,
		`{` + anID + `,"data":{"\u0070rofile":1,"b":1}}`:                          `{` + anID + `,"data":{"b":1}}`,
		`{"data": { "profile" : {} , "b" : 1 } , ` + anID + `}`:                   `{"data": { "b" : 1 } , ` + anID + `}`,
		`{"data": { "b" : 1 , "profile" : {} } , ` + anID + `}`:                   `{"data": { "b" : 1 } , ` + anID + `}`,
		`{` + anID + `,"profile":1,"data":{"deep":{"profile":2},"Profile":3}}`:    `{` + anID + `,"profile":1,"data":{"deep":{"profile":2},"Profile":3}}`,
		`{` + anID + `,"data":[{"profile":1}]}`:                                   `{` + anID + `,"data":[{"profile":1}]}`,
		`{` + anID + `,"data":"profile"}`:                                         `{` + anID + `,"data":"profile"}`,
		`{` + anID + `,"data":{"a":"{\"profile\":1,","profile":"\"}","b":"," } }`: `{` + anID + `,"data":{"a":"{\"profile\":1,","b":"," } }`,
	} {
		equalText(t, event, thin(t, event), want)
	}
}

func equalText(t *testing.T, event, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s becomes\n%s, and expected is\n%s", event, got, want)
	}
}

func FuzzThin(f *testing.F) {
	f.Add(`{` + anID + `,"data":{"profile":{"email":"a@b.example"},"b":[1,{"c":null}]},"z":"\u2028"}`)
	f.Add(` { "data" : { "a" : 1 , "\u0070rofile" : [ ] } , ` + anID + ` } `)
	f.Add(`{` + anID + `,"data":{"profile":1,"profile":2}}`)
	f.Fuzz(func(t *testing.T, event string) {
		b, err := Endpoint{}.render([][]byte{[]byte(event)})
		if err != nil {
			return
		}
		var before, after map[string]any
		if err := decode([]byte(event), &before); err != nil {
			t.Fatalf("%q is taken and is no JSON: %v", event, err)
		}
		if err := decode(b.text, &after); err != nil {
			t.Fatalf("%q becomes %q: %v", event, b.text, err)
		}
		if data, ok := before["data"].(map[string]any); ok {
			delete(data, "profile")
		}
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%q becomes %q", event, b.text)
		}
		// What is left was there, in the same order.
		if at := commonPrefix(event, string(b.text)); event[at+len(event)-len(b.text):] != string(b.text[at:]) {
			t.Errorf("%q becomes %q, which is not one cut", event, b.text)
		}
		all, err := Endpoint{Profile: true}.render([][]byte{[]byte(event)})
		if err != nil || string(all.text) != event {
			t.Errorf("with profile, %q becomes %q: %v", event, all.text, err)
		}
		batch, err := Endpoint{Batch: true}.render([][]byte{[]byte(event), []byte(event)})
		if err != nil || string(batch.text) != "["+string(b.text)+","+string(b.text)+"]" {
			t.Errorf("as a batch, %q becomes %q: %v", event, batch.text, err)
		}
	})
}

// decode keeps numbers as they are written.
func decode(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(to)
}

func commonPrefix(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
