package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/events/wire"
)

// The events in docs are events that Muster writes: each type once, with that subject and
// that data.
func TestDocumentedEvents(t *testing.T) {
	t.Parallel()
	page := readPage(t, "docs/events.md")
	example := regexp.MustCompile(`(?m)^muster\.([a-z_.]+)\n  subject  (.*)\n  data     (.*)\n`)
	var shown []string
	for _, s := range page.steps {
		for _, found := range example.FindAllStringSubmatch(s.text, -1) {
			name, subject, data := found[1], found[2], found[3]
			shown = append(shown, "muster."+name)
			checkEvent(t, page.at(s), name, subject, data)
		}
	}
	slices.Sort(shown)
	want := wire.Types()
	slices.Sort(want)
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("the types with an example are others than all (-all +examples):\n%s", diff)
	}
}

// checkEvent puts subject and data into the stored form of an event of that type. Decoding
// and encoding it again must not change them.
func checkEvent(t *testing.T, where, name, subject, data string) {
	t.Helper()
	stored, err := filepath.Glob(filepath.Join("..", "..", "events", "wire", "testdata", name+".*.json"))
	if err != nil || len(stored) == 0 {
		t.Fatalf("%s: %s is stored nowhere: %v", where, name, err)
	}
	slices.Sort(stored)
	text, err := os.ReadFile(stored[len(stored)-1]) // of the newest schema
	if err != nil {
		t.Fatal(err)
	}
	var event map[string]any
	var want any
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(data), &want); err != nil {
		t.Errorf("%s: %s: %v", where, name, err)
		return
	}
	event["data"] = want
	if subject == "(none)" {
		delete(event, "subject")
	} else {
		event["subject"] = subject
		for attribute, pattern := range map[string]string{"workspaceid": "workspaces/([^/]*)", "userid": "(?:members|users)/([^/]*)"} {
			if found := regexp.MustCompile(pattern).FindStringSubmatch(subject); found != nil {
				event[attribute] = found[1]
			}
		}
	}
	text, err = json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	decoded, position, err := wire.Decode(text)
	if err != nil {
		t.Errorf("%s: %s: %v", where, name, err)
		return
	}
	again, err := wire.Encode(nil, position.Partition, &decoded.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(again, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{event["subject"], want}, []any{got["subject"], got["data"]}); diff != "" {
		t.Errorf("%s: %s (-docs +stored):\n%s", where, name, diff)
	}
}
