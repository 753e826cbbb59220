package transport

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/muster-dev/muster/domain"
)

var update = flag.Bool("update", false, "write the golden files anew")

// documented is the API without anything behind it, which is enough to describe
// it.
func documented(t testing.TB) *API {
	t.Helper()
	a, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// docs/openapi.json is what the code says.
func TestOpenAPIDocument(t *testing.T) {
	const golden = "../docs/openapi.json"
	got := documented(t).native.document.json
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
		t.Errorf("%s is not current: run go generate ./transport", golden)
	}
}

func TestEveryOperationIsDeclared(t *testing.T) {
	open := []string{"get-livez", "get-healthz", "get-readyz", "accept-invitation"}
	for _, op := range operations(documented(t).native.huma.OpenAPI()) {
		if op.Summary == "" || op.Description == "" || len(op.Tags) != 1 {
			t.Errorf("%s: summary, description or tag is missing", op.OperationID)
		}
		if slices.Contains(open, op.OperationID) {
			continue
		}
		if len(op.Security) != 1 || len(op.Security[0][securityScheme]) != 1 {
			t.Errorf("%s declares no scope", op.OperationID)
			continue
		}
		scope := domain.Scope(op.Security[0][securityScheme][0])
		if scope != anyScope && scope != rootScope && !scope.Valid() {
			t.Errorf("%s demands %s, which no token can have", op.OperationID, scope)
		}
		for _, status := range []string{"401", "422", "500"} {
			if op.Responses[status] == nil {
				t.Errorf("%s does not say that it can answer %s", op.OperationID, status)
			}
		}
	}
}

// Whatever the document refers to is there.
func TestOpenAPIReferences(t *testing.T) {
	text := string(documented(t).native.document.json)
	var doc struct {
		Components map[string]map[string]any `json:"components"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	for _, reference := range regexp.MustCompile(`"#/components/(\w+)/([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if doc.Components[reference[1]][reference[2]] == nil {
			t.Errorf("there is no %s", reference[0])
		}
	}
}
