package native

import (
	"fmt"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
)

// Every text, number and list in the document has bounds, and every text a format or a
// pattern.
func TestEverythingIsBounded(t *testing.T) {
	var doc any
	if err := json.Unmarshal(document(t), &doc); err != nil {
		t.Fatal(err)
	}
	each(doc, "", func(at string, s map[string]any) {
		has := func(words ...string) bool {
			return slices.ContainsFunc(words, func(word string) bool { return s[word] != nil })
		}
		text := is(s, "string") && !has("enum")
		switch {
		case text && at == "/paths//v1/organizations/{organization}/events/get/responses/200/content/text/event-stream/schema":
		case text && (!has("maxLength") || !has("pattern", "format")),
			is(s, "integer") && (!has("minimum") || !has("maximum") || !has("format")),
			is(s, "array") && !has("maxItems"):
			t.Errorf("%s is not bounded: %v", at, s)
		case is(s, "null") && has("enum") && !slices.Contains(s["enum"].([]any), nil):
			t.Errorf("%s can be null, but not by its enum", at)
		}
	})
}

// is reports whether the schema allows values of the type.
func is(s map[string]any, want string) bool {
	types, _ := s["type"].([]any)
	return s["type"] == want || slices.Contains(types, any(want))
}

// each visits every object of a JSON value.
func each(v any, at string, visit func(at string, object map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(at, v)
		for name, inner := range v {
			each(inner, at+"/"+name, visit)
		}
	case []any:
		for i, inner := range v {
			each(inner, fmt.Sprint(at, "/", i), visit)
		}
	}
}
