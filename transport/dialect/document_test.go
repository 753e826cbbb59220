package dialect

import (
	"encoding/json"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-dev/muster/transport"
)

var update = flag.Bool("update", false, "write the golden files anew")

// document returns the OpenAPI document of a dialect as it is served.
func document(t testing.TB, name string) []byte {
	t.Helper()
	api, err := transport.New(transport.Options{Faces: All()}) // an API without a log and read models can still describe itself
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest("GET", "/openapi/"+name+".json", nil))
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/openapi+json" {
		t.Fatalf("%s: %d %v", name, w.Code, w.Header())
	}
	return w.Body.Bytes()
}

// docs/openapi/NAME.json is up to date.
func TestOpenAPIDocuments(t *testing.T) {
	for _, f := range All() {
		golden := filepath.Join("..", "..", "docs", "openapi", f.Name+".json")
		got := document(t, f.Name)
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
			t.Errorf("%s is not current: run go generate ./transport/dialect", golden)
		}
	}
}

// face returns the dialect of that name.
func face(name string) transport.Face {
	all := All()
	return all[slices.IndexFunc(all, func(f transport.Face) bool { return f.Name == name })]
}

// operation is an operation of a document.
type operation struct {
	face         transport.Face
	method, path string
	ID           string                `json:"operationId"`
	Summary      string                `json:"summary"`
	Description  string                `json:"description"`
	Tags         []string              `json:"tags"`
	Security     []map[string][]string `json:"security"`
	RequestBody  *struct {
		Content map[string]media `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]media `json:"content"`
	} `json:"responses"`
}

type media struct {
	Example any `json:"example"`
}

// scope returns the scope that the token needs for the operation.
func (o operation) scope() string { return o.Security[0]["token"][0] }

// bound reports whether the operation is for tokens that are bound to a workspace.
func (o operation) bound() bool {
	return slices.ContainsFunc(o.face.Operations, func(declared transport.Operation) bool {
		return declared.ID == o.ID && declared.Reach == transport.ReachBoundWorkspace
	})
}

// example returns the answer that the document shows.
func (o operation) example() any {
	done, ok := o.Responses["200"]
	if !ok {
		done = o.Responses["201"]
	}
	return done.Content["application/json"].Example
}

// parameters returns the names of the parameters in the operation's path.
func (o operation) parameters() (names []string) {
	for _, name := range thing.FindAllString(o.path, -1) {
		names = append(names, strings.Trim(name, "{}"))
	}
	return names
}

// named returns the operation's name in the tables of tests.
func (o operation) named() string { return o.face.Name + " " + o.ID }

// operations returns the operations of all dialects.
func operations(t testing.TB) (all []operation) {
	t.Helper()
	for _, f := range All() {
		var doc struct {
			Paths map[string]map[string]operation `json:"paths"`
		}
		if err := json.Unmarshal(document(t, f.Name), &doc); err != nil {
			t.Fatal(err)
		}
		for path, item := range doc.Paths {
			for method, op := range item {
				op.face, op.method, op.path = f, strings.ToUpper(method), path
				all = append(all, op)
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.named(), b.named()) })
	return all
}

func TestEveryOperationIsDeclared(t *testing.T) {
	for _, op := range operations(t) {
		if op.Summary == "" || op.Description == "" || len(op.Tags) != 1 {
			t.Errorf("%s: summary, description or tag is missing", op.named())
		}
		if len(op.Security) != 1 || len(op.Security[0]["token"]) != 1 {
			t.Errorf("%s declares no scope", op.named())
		}
		for _, status := range []string{"400", "401", "403", "500"} {
			if _, ok := op.Responses[status]; !ok {
				t.Errorf("%s does not say that it can answer %s", op.named(), status)
			}
		}
		if op.RequestBody != nil && op.RequestBody.Content["application/json"].Example == nil {
			t.Errorf("%s has no example of its body", op.named())
		}
		if answer, ok := op.Responses["200"]; ok && answer.Content["application/json"].Example == nil {
			t.Errorf("%s has no example of its answer", op.named())
		}
		if !slices.ContainsFunc(op.face.Owns, func(path string) bool { return strings.HasPrefix(op.path, path+"/") }) {
			t.Errorf("%s: the face does not own %s", op.named(), op.path)
		}
		if _, err := os.Stat(filepath.Join("..", "..", "docs", "dialects", op.face.Name+".md")); err != nil {
			t.Error(err)
		}
	}
}
