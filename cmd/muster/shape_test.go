package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// checkShape fails the test unless the JSON text is valid by a schema of the OpenAPI
// document and has no fields that the schema does not name.
func checkShape(t *testing.T, where, name, text string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	schema, err := compiler.Compile(filepath.Join("..", "..", "docs", "openapi.json") + "#/components/schemas/" + name)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s: not a valid %s: %v", where, name, err)
	}
	object, _ := value.(map[string]any)
	for field := range object {
		if schema.Properties[field] == nil {
			t.Errorf("%s: %s has no field %q", where, name, field)
		}
	}
}
