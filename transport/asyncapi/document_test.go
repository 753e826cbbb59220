package asyncapi

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/muster-dev/muster/events/wire"
)

var update = flag.Bool("update", false, "write docs/asyncapi.json")

// docs/asyncapi.json is up to date.
func TestDocument(t *testing.T) {
	const golden = "../../docs/asyncapi.json"
	got, err := JSON()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s is not current: run go generate ./transport/asyncapi", golden)
	}
}

// parsed returns the document as any reader of JSON sees it.
func parsed(t *testing.T) map[string]any {
	t.Helper()
	text, err := JSON()
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return value.(map[string]any)
}

// part returns what is at the path of names.
func part(t *testing.T, from map[string]any, path ...string) map[string]any {
	t.Helper()
	for _, name := range path {
		next, ok := from[name].(map[string]any)
		if !ok {
			t.Fatalf("there is no %q of %q", name, path)
		}
		from = next
	}
	return from
}

// Every type of events has a message, which every channel of single events has too.
func TestEveryTypeHasAMessage(t *testing.T) {
	d := parsed(t)
	for _, eventType := range wire.Types() {
		m := part(t, d, "components", "messages", eventType)
		if examples, _ := m["examples"].([]any); m["summary"] == "" || len(examples) == 0 {
			t.Errorf("%s has no summary or no example", eventType)
		}
		for _, channel := range []string{streamChannel, feedChannel} {
			if got := part(t, d, "channels", channel, "messages", eventType)["$ref"]; got != "#/components/messages/"+eventType {
				t.Errorf("%s has %v for %s", channel, got, eventType)
			}
		}
	}
}

// schemaIn returns the schema of the payload or the headers of a message, as tools read it: by
// draft 7.
func schemaIn(t *testing.T, d map[string]any, message, what string) *jsonschema.Schema {
	t.Helper()
	const name = "muster://asyncapi"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.AssertFormat()
	if err := c.AddResource(name, d); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name + "#/components/messages/" + message + "/" + what)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The examples are valid by the schemas of their messages.
func TestExamplesOfMessages(t *testing.T) {
	d := parsed(t)
	valid := func(message, what string, value any) {
		t.Helper()
		s := schemaIn(t, d, message, what)
		if err := s.Validate(value); err != nil {
			t.Errorf("the example of %s: %v", message, err)
		}
		if s.Validate(map[string]any{"type": "muster.member.cloned"}) == nil {
			t.Errorf("the %s of %s can be anything", what, message)
		}
	}
	for message := range part(t, d, "components", "messages") {
		m := part(t, d, "components", "messages", message)
		for _, e := range m["examples"].([]any) {
			shown := e.(map[string]any)
			valid(message, "payload", shown["payload"])
			if headers, ok := shown["headers"]; ok {
				valid(message, "headers", headers)
			} else if m["headers"] != nil {
				t.Errorf("the example of %s has no headers", message)
			}
		}
	}
}

// Every reference has a target.
func TestReferences(t *testing.T) {
	text, err := JSON()
	if err != nil {
		t.Fatal(err)
	}
	d := parsed(t)
	found := regexp.MustCompile(`"\$ref": "#/([^"]+)"`).FindAllStringSubmatch(string(text), -1)
	for _, reference := range found {
		part(t, d, strings.Split(reference[1], "/")...)
	}
	if len(found) == 0 {
		t.Error("there are no references")
	}
}
