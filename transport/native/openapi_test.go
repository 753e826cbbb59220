package native

import (
	"context"
	"flag"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

var update = flag.Bool("update", false, "write the golden files anew")

// described returns an API without a log and read models, which is enough to describe it.
func described(t testing.TB) *transport.API {
	t.Helper()
	face, err := Face(Options{Ready: func(context.Context) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	a, err := transport.New(transport.Options{Faces: []transport.Face{face}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// documented returns the document of the native API.
func documented(t testing.TB) *openapi.Document {
	t.Helper()
	return described(t).OpenAPI("")
}

// document returns the document of the native API as it is served.
func document(t testing.TB) []byte {
	t.Helper()
	text, err := documented(t).JSON()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// docs/openapi.json is up to date.
func TestOpenAPIDocument(t *testing.T) {
	const golden = "../../docs/openapi.json"
	got := document(t)
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
		t.Errorf("%s is not current: run go generate ./transport/native", golden)
	}
}

func TestEveryOperationIsDeclared(t *testing.T) {
	open := []string{"get-livez", "get-healthz", "get-readyz", "accept-invitation", "list-checkpoints", "get-checkpoint-key"}
	face, err := Face(Options{Ready: func(context.Context) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range documented(t).Operations() {
		if op.Summary == "" || op.Description == "" || len(op.Tags) != 1 {
			t.Errorf("%s: summary, description or tag is missing", op.OperationID)
		} else if !slices.ContainsFunc(face.Tags, func(tag *huma.Tag) bool { return tag.Name == op.Tags[0] }) {
			t.Errorf("%s has the tag %q, which is not among the tags of Face", op.OperationID, op.Tags[0])
		}
		if slices.Contains(open, op.OperationID) {
			continue
		}
		if len(op.Security) != 1 || len(op.Security[0][openapi.TokenScheme]) != 1 {
			t.Errorf("%s declares no scope", op.OperationID)
			continue
		}
		scope := domain.Scope(op.Security[0][openapi.TokenScheme][0])
		if scope != transport.AnyScope && scope != transport.RootScope && !scope.Valid() {
			t.Errorf("%s demands %s, which no token can have", op.OperationID, scope)
		}
		for _, status := range []string{"401", "422", "500"} {
			if op.Responses[status] == nil {
				t.Errorf("%s does not say that it can answer %s", op.OperationID, status)
			}
		}
	}
}

// Every reference in the document has a target.
func TestOpenAPIReferences(t *testing.T) {
	text := string(document(t))
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
