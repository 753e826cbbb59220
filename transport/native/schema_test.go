package native

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/muster-dev/muster/events/catalogue"
	"github.com/muster-dev/muster/events/wire"
)

// shown returns the response to a GET without a token.
func shown(t *testing.T, a http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

// Whoever has an event finds the schema of its data by the name in the event, without a token.
func TestSchemas(t *testing.T) {
	a := described(t)
	var list SchemaList
	if w := shown(t, a, "/schemas"); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	} else if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, e := range append(list.Events, list.CloudEvent) {
		listed[e.DataSchema] = true
		w := shown(t, a, strings.Replace(e.DataSchema, "muster:/", "", 1))
		var schema struct {
			Dialect string `json:"$schema"`
			ID      string `json:"$id"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &schema); err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "application/schema+json" {
			t.Fatalf("%s: %d %v %v", e.Path, w.Code, w.Header(), err)
		}
		if schema.ID != e.DataSchema || schema.Dialect != catalogue.Dialect || e.Description == "" || !strings.HasSuffix(e.DataSchema, e.Path) {
			t.Errorf("%+v is the schema %+v", e, schema)
		}
		parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(e.DataSchema, parsed); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Compile(e.DataSchema); err != nil {
			t.Errorf("%s is no schema: %v", e.DataSchema, err)
		}
	}
	for _, eventType := range wire.Types() {
		if !listed[wire.DataSchema(eventType, wire.SchemaOf(eventType))] {
			t.Errorf("there is no schema of %s", eventType)
		}
	}
}

// What is not there is a problem, as everywhere.
func TestUnknownSchemas(t *testing.T) {
	a := described(t)
	for _, path := range []string{"/schemas/", "/schemas/muster.member.added", "/schemas/muster.member.added/2", "/schemas/muster.member.cloned/1", "/schemas/muster.member.added/1/x"} {
		if w := shown(t, a, path); w.Code != 404 || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	w := httptest.NewRecorder()
	if a.ServeHTTP(w, httptest.NewRequest("POST", "/schemas/muster.member.added/1", nil)); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
}

// The AsyncAPI document is served in both forms, and the reference leads to it.
func TestAsyncAPIIsServed(t *testing.T) {
	a := described(t)
	for path, want := range map[string][2]string{
		"/asyncapi.json": {"application/vnd.aai.asyncapi+json; version=3.0.0", `"asyncapi": "3.0.0"`},
		"/asyncapi.yaml": {"application/vnd.aai.asyncapi+yaml; version=3.0.0", "asyncapi: 3.0.0\n"},
	} {
		w := shown(t, a, path)
		if w.Code != 200 || w.Header().Get("Content-Type") != want[0] || !strings.Contains(w.Body.String(), want[1]) {
			t.Errorf("%s: %d %v\n%.100s", path, w.Code, w.Header(), w.Body)
		}
	}
	for _, link := range []string{`<a href="/asyncapi.json">AsyncAPI document</a>`, `<a href="/schemas">Schemas of events</a>`} {
		if page := shown(t, a, "/docs").Body.String(); !strings.Contains(page, link) {
			t.Errorf("the reference has no %s", link)
		}
	}
}

// The OpenAPI document has the attributes of events that the catalogue has.
func TestCloudEventIsTheCatalogues(t *testing.T) {
	documented := documented(t).Spec().Components.Schemas.Map()["CloudEvent"]
	for _, a := range catalogue.Attributes() {
		property := documented.Properties[a.Name]
		if property == nil {
			t.Errorf("the document has no attribute %s", a.Name)
			continue
		}
		if required := strings.Contains(" "+strings.Join(documented.Required, " ")+" ", " "+a.Name+" "); required == a.Optional {
			t.Errorf("attribute %s: is it required? the document says %t", a.Name, required)
		}
	}
	if want := len(catalogue.Attributes()); len(documented.Properties) != want {
		t.Errorf("the document has %d attributes, not %d", len(documented.Properties), want)
	}
}
