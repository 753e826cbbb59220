package catalogue

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

var update = flag.Bool("update", false, "write the sections of docs/events.md")

func all(t *testing.T) []Type {
	t.Helper()
	types, err := Types()
	if err != nil {
		t.Fatal(err)
	}
	return types
}

// Every type of events has a row, and none has two.
func TestEveryTypeIsExplained(t *testing.T) {
	var got []string
	for _, one := range all(t) {
		got = append(got, one.Name)
	}
	want := wire.Types()
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the types of the catalogue are others than those of the log (-log +catalogue): see doc.go for how to add one\n%s", d)
	}
}

// docs/events.md says what the catalogue says.
func TestReference(t *testing.T) {
	const path = "../../docs/events.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Rewrite(string(page))
	if err != nil {
		t.Fatal(err)
	}
	if *update && want != string(page) {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want, string(page)); d != "" {
		t.Errorf("%s is not current: run go generate ./events/catalogue (-catalogue +page)\n%s", path, d)
	}
}

// A page without the sections is not silently left as it is.
func TestPagesWithoutSections(t *testing.T) {
	for _, page := range []string{"", "<!--attributes: written by go generate ./events/catalogue-->\n<!--end of attributes-->\n"} {
		if _, err := Rewrite(page); err == nil {
			t.Errorf("%q is taken", page)
		}
	}
}

// compiler returns a compiler that knows the documents by their names, as they are served.
func compiler(t *testing.T) *jsonschema.Compiler {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	documents, err := Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents {
		text, err := d.Text()
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := parsed.(map[string]any)["$id"]; got != d.URI {
			t.Errorf("the document of %s says that it is %s", d.URI, got)
		}
		if err := c.AddResource(d.URI, parsed); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// valid holds a text against the schema of that name, to which a schema of the subscriber's
// own refers.
func valid(t *testing.T, c *jsonschema.Compiler, uri string, text []byte) error {
	t.Helper()
	own := "https://subscriber.example/" + strings.TrimPrefix(uri, wire.SchemaPrefix)
	var exists *jsonschema.ResourceExistsError
	if err := c.AddResource(own, map[string]any{"$schema": Dialect, "$ref": uri}); err != nil && !errors.As(err, &exists) {
		t.Fatal(err)
	}
	s, err := c.Compile(own)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// The examples are CloudEvents for the SDK, are valid by the schemas that they name, and are
// decoded to what they were. So are the files that package wire has of every type.
func TestExamples(t *testing.T) {
	c := compiler(t)
	for _, one := range all(t) {
		for _, r := range one.Examples {
			event, err := Example(r)
			if err != nil {
				t.Fatal(err)
			}
			check(t, c, event.Whole)
			entry, position, err := wire.Decode(event.Whole)
			if err != nil || position != (wire.Position{Partition: partition, Number: r.Number}) {
				t.Errorf("%s: %s, %v", one.Name, position, err)
			}
			if d := cmp.Diff(*r, entry.Recorded); d != "" {
				t.Errorf("%s is decoded otherwise:\n%s", one.Name, d)
			}
		}
	}
	files, err := os.ReadDir("../wire/testdata")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".json") {
			text, err := os.ReadFile("../wire/testdata/" + file.Name())
			if err != nil {
				t.Fatal(err)
			}
			check(t, c, text)
			seen++
		}
	}
	if seen < len(wire.Types()) {
		t.Errorf("package wire has %d files for %d types", seen, len(wire.Types()))
	}
}

// check holds an event against the SDK and the schemas.
func check(t *testing.T, c *jsonschema.Compiler, text []byte) {
	t.Helper()
	var ce cloudevents.Event
	if err := stdjson.Unmarshal(text, &ce); err != nil {
		t.Errorf("the CloudEvents SDK cannot read it: %v\n%s", err, text)
		return
	}
	if err := ce.Validate(); err != nil {
		t.Errorf("the CloudEvents SDK finds it invalid: %v\n%s", err, text)
	}
	if err := valid(t, c, CloudEventSchema(), text); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	if err := valid(t, c, ce.DataSchema(), ce.Data()); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// What an event has and no attribute or field explains would be found by nobody: the schemas
// allow what they do not know.
func TestNothingIsUnexplained(t *testing.T) {
	filled := domain.Recorded{
		Event: members[3].Examples[0], ID: domain.EventID{1}, Number: 1, Time: noon, Command: domain.CommandID{2},
		Actor:      domain.Actor{Kind: domain.ActorUser, ID: ada.String(), User: ada},
		OnBehalfOf: ada, Request: hash("request"), Cause: domain.EventID{3}, Reason: "a reason",
	}
	bare := domain.Recorded{
		Event: organizations[0].Examples[0], ID: domain.EventID{1}, Number: 1, Time: noon, Command: domain.CommandID{2},
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"},
	}
	var every, required []string
	for _, a := range Attributes() {
		every = append(every, a.Name)
		if !a.Optional {
			required = append(required, a.Name)
		}
	}
	for _, c := range []struct {
		of   *domain.Recorded
		want []string
	}{{&filled, every}, {&bare, append(required, "dataschema")}} {
		event, err := Example(c.of)
		if err != nil {
			t.Fatal(err)
		}
		got := names(t, event.Whole)
		slices.Sort(got)
		slices.Sort(c.want)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("the attributes of an event (-explained +written):\n%s", d)
		}
	}
	for _, one := range all(t) {
		for _, r := range one.Examples {
			event, err := Example(r)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names(t, event.Data) {
				if !slices.ContainsFunc(one.Fields, func(f Field) bool { return f.Path == name }) {
					t.Errorf("%s: nothing explains the field %s", one.Name, name)
				}
			}
		}
	}
}

func names(t *testing.T, object []byte) (names []string) {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatal(err)
	}
	for name := range members {
		names = append(names, name)
	}
	return names
}

// The schemas refuse what is wrong, and take an event without the profile.
func TestSchemasRefuse(t *testing.T) {
	c := compiler(t)
	for _, test := range []struct {
		eventType, data string
		valid           bool
	}{
		{"muster.member.added", `{"membership_id":"01a2026d-348a-7e5f-8960-75b457217e9a","role":"viewer"}`, true},
		{"muster.member.added", `{"membership_id":"01a2026d-348a-7e5f-8960-75b457217e9a","role":"viewer","later":1}`, true},
		{"muster.member.added", `{"role":"viewer"}`, false},
		{"muster.member.added", `{"membership_id":"1","role":"viewer"}`, false},
		{"muster.member.added", `{"membership_id":"01a2026d-348a-7e5f-8960-75b457217e9a","role":"viewer","permissions":null}`, false},
		{"muster.member.permissions_changed", `{"membership_id":"01a2026d-348a-7e5f-8960-75b457217e9a","permissions":{"from":null,"to":[]}}`, true},
		{"muster.member.permissions_changed", `{"membership_id":"01a2026d-348a-7e5f-8960-75b457217e9a","permissions":{"from":null}}`, false},
		{"muster.member.expiry_changed", `{"membership_id":"01a2026d-348a-7e5f-8960-75b457217e9a","expires_at":{"from":"tomorrow","to":null}}`, false},
		{"muster.organization.member_added", `{"role":"janitor"}`, false},
		{"muster.role.updated", `{"role_id":"01a2026d-348a-7e5f-8960-75b457217e9a","key":"a","name":"A","level":51,"permissions":[]}`, false},
		{"muster.user.profile_set", `{}`, true},
		{"muster.user.profile_set", `{"profile":{"name":{"first":"Grace","last":""}}}`, false},
	} {
		err := valid(t, c, wire.DataSchema(test.eventType, 1), []byte(test.data))
		if (err == nil) != test.valid {
			t.Errorf("%s %s: %v", test.eventType, test.data, err)
		}
	}
}

// A row that lacks something, or says too much, is found.
func TestIncompleteRows(t *testing.T) {
	revoked := []domain.Event{domain.TokenRevoked{About: acme, TokenID: billing}}
	for name, bad := range map[string]row{
		"no example":               {What: "Something."},
		"nothing happened":         {Examples: revoked},
		"a field without a text":   {What: "Something.", Examples: []domain.Event{domain.WorkspaceCreated{About: product}}},
		"a text without a field":   {What: "Something.", Examples: revoked, Text: map[string]string{"tokenid": "The token."}},
		"null without a field":     {What: "Something.", Examples: revoked, Nullable: []string{"tokenid"}},
		"examples of two types":    {What: "Something.", Examples: append(revoked, domain.WorkspaceArchived{About: product})},
		"a type that is not known": {What: "Something.", Examples: []domain.Event{unknown{}}},
	} {
		if _, err := bad.describe(newStory()); err == nil {
			t.Errorf("%s: the row is taken", name)
		}
	}
}

// unknown is an event of a type that no codec knows.
type unknown struct{ domain.TokenRevoked }

func (unknown) EventType() string { return "muster.token.lost" }
