package openapi

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// described returns the document of an API with one operation, POST /things/{id}.
func described[Input, Answer any](t testing.TB) *Document {
	t.Helper()
	d := New(Options{Title: "Test"})
	api := humago.New(http.NewServeMux(), huma.Config{
		OpenAPI: d.Spec(), DefaultFormat: "application/json",
		Formats: map[string]huma.Format{"application/json": huma.DefaultJSONFormat},
	})
	op := huma.Operation{OperationID: "make-thing", Method: http.MethodPost, Path: "/things/{id}"}
	huma.Register(api, op, func(context.Context, *Input) (*Answer, error) { return nil, nil })
	d.Complete(d.Operation(op.Path, op.Method), reflect.TypeFor[Input](), reflect.TypeFor[Answer]())
	return d
}

type (
	nothing struct{}

	bareText   struct{ Body bareTextBody }
	bareList   struct{ Body bareListBody }
	bareItems  struct{ Body bareItemsBody }
	bareNumber struct{ Body bareNumberBody }
	bareRatio  struct{ Body bareRatioBody }
	bareFormat struct{ Body bareFormatBody }
	misnamed   struct{ Body misnamedBody }
	misused    struct{ Body misusedBody }

	bareTextBody struct {
		Email string `json:"email"` // no bounds follow from the name
	}
	bareListBody struct {
		Names []string `json:"names" maxLength:"10" pattern:"^a"`
	}
	bareItemsBody struct {
		Names []string `json:"names" maxItems:"10"`
	}
	bareNumberBody struct {
		Count uint64 `json:"count" minimum:"1"`
	}
	bareRatioBody struct {
		Ratio float64 `json:"ratio"`
	}
	bareFormatBody struct {
		Link string `json:"link" format:"uri"`
	}
	misnamedBody struct {
		Email string `json:"email" bounds:"mail"`
	}
	misusedBody struct {
		Email string `json:"email" bounds:"count"`
	}

	bareQuery      struct{ Listed }
	bareHeader     struct{ Sent }
	barePath       struct{ Named }
	bareAnswer     struct{ Traced }
	unnamedAnswer  struct{ Trace string }
	genericAnswer  struct{ Body many[bareTextBody] }
	many[Item any] struct {
		Items []Item `json:"items"`
	}

	// Huma looks for parameters and headers in exported embedded structs only.
	Listed struct {
		Order string `query:"order,explode"`
	}
	Sent struct {
		Reason string `header:"Reason"`
	}
	Named struct {
		ID string `path:"id" maxLength:"10"`
	}
	Traced struct {
		Trace string `header:"Trace"`
	}
)

// A field that declares no bounds is an error, which names the field and its type.
func TestUndeclaredFields(t *testing.T) {
	for want, d := range map[string]*Document{
		"openapi.bareTextBody.Email declares no bounds: it needs an enum, or maxLength": described[bareText, nothing](t),
		"openapi.bareListBody.Names declares no bounds: it needs maxItems":              described[bareList, nothing](t),
		"openapi.bareItemsBody.Names declares no bounds: it needs an enum":              described[bareItems, nothing](t),
		"openapi.bareNumberBody.Count declares no bounds: it needs minimum and maximum": described[bareNumber, nothing](t),
		"openapi.bareRatioBody.Ratio declares no bounds: it needs minimum and maximum":  described[bareRatio, nothing](t),
		"openapi.bareFormatBody.Link declares no bounds: it needs an enum, or":          described[bareFormat, nothing](t),
		`openapi.misnamedBody.Email: there are no bounds named "mail"`:                  described[misnamed, nothing](t),
		"openapi.misusedBody.Email declares no bounds":                                  described[misused, nothing](t),
		"openapi.Listed.Order declares no bounds":                                       described[bareQuery, nothing](t),
		"openapi.Sent.Reason declares no bounds":                                        described[bareHeader, nothing](t),
		"openapi.Named.ID declares no bounds":                                           described[barePath, nothing](t),
		"openapi.Traced.Trace declares no bounds":                                       described[nothing, bareAnswer](t),
		"openapi.unnamedAnswer.Trace declares no bounds":                                described[nothing, unnamedAnswer](t),
		"openapi.many.Items declares no bounds: it needs maxItems":                      described[nothing, genericAnswer](t),
	} {
		err := d.Finish()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if d.JSON != nil || d.YAML != nil {
			t.Errorf("%v, but there is a document", err)
		}
	}
}

// All undeclared fields are in one error, in their order, each once.
func TestUndeclaredFieldsTogether(t *testing.T) {
	type body struct {
		B string `json:"b"`
		A string `json:"a"`
	}
	type both struct {
		Listed
		Body []body
	}
	err := described[both, both](t).Finish()
	const text = "declares no bounds: it needs an enum, or maxLength with a pattern or a format"
	if want := fmt.Sprintf("openapi.Listed.Order %[1]s\nopenapi.body.A %[1]s\nopenapi.body.B %[1]s", text); err == nil || err.Error() != want {
		t.Errorf("got\n%v, want\n%s", err, want)
	}
}

// declared has bounds that are declared in every way there is.
type declared struct {
	Email  string   `json:"email" bounds:"email"`
	Short  string   `json:"short" bounds:"email" maxLength:"10"`
	Kind   string   `json:"kind" enum:"a,b"`
	Thing  string   `json:"thing" format:"uuid"`
	Scopes []string `json:"scopes" bounds:"scopes"`
	Level  int      `json:"level" bounds:"level"`
	Few    uint     `json:"few" maximum:"3" bounds:"count"`
	Key    key      `json:"key"`
}

type key string

func (key) Schema(huma.Registry) *huma.Schema { return Text("role") }

func TestDeclaredFields(t *testing.T) {
	type input struct {
		Email string `query:"email" bounds:"email"`
		ID    string `path:"id" format:"uuid"`
		Body  declared
	}
	type answer struct {
		Tag string `header:"ETag" bounds:"etag"`
	}
	d := described[input, answer](t)
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	s := d.Spec().Components.Schemas.Map()["Declared"].Properties
	for name, want := range map[string]struct{ got, want any }{
		"a row's length":              {*s["email"].MaxLength, 254},
		"a row's pattern":             {s["email"].Pattern, table["email"].pattern},
		"the tag before the row":      {*s["short"].MaxLength, 10},
		"the row beside the tag":      {s["short"].Pattern, table["email"].pattern},
		"a format's length":           {*s["thing"].MaxLength, 36},
		"a list's length":             {*s["scopes"].MaxItems, table["scopes"].items},
		"a list's texts":              {s["scopes"].Items.Pattern, table["scopes"].pattern},
		"a number's least":            {*s["level"].Minimum, 1.0},
		"a number's most":             {*s["level"].Maximum, table["level"].most},
		"a tag's maximum":             {*s["few"].Maximum, 3.0},
		"a type's own schema":         {s["key"].Pattern, table["role"].pattern},
		"a parameter's length":        {*d.Spec().Components.Parameters["email"].Schema.MaxLength, 254},
		"the header of an answer":     {*d.Operation("/things/{id}", "POST").Responses["204"].Headers["ETag"].Schema.MaxLength, 22},
		"an enum needs nothing":       {s["kind"].MaxLength == nil, true},
		"a type's own schema, length": {*s["key"].MaxLength, 50},
	} {
		if want.got != want.want {
			t.Errorf("%s: %v, want %v", name, want.got, want.want)
		}
	}
}

// A row only concerns the document. Huma accepts values outside the bounds of a row,
// because refusing them is up to the operation.
func TestRowsAreNotChecked(t *testing.T) {
	type input struct {
		Email string `query:"email" bounds:"email"`
	}
	mux := http.NewServeMux()
	d := New(Options{})
	api := humago.New(mux, huma.Config{OpenAPI: d.Spec()})
	var got string
	huma.Register(api, huma.Operation{Method: http.MethodGet, Path: "/things"}, func(_ context.Context, in *input) (*nothing, error) {
		got = in.Email
		return nil, nil
	})
	d.Complete(d.Operation("/things", http.MethodGet), reflect.TypeFor[input](), reflect.TypeFor[nothing]())
	mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/things?email=nobody", nil))
	if got != "nobody" {
		t.Errorf("the operation got %q", got)
	}
}

// Every row sets a bound, and every pattern compiles.
func TestTable(t *testing.T) {
	for name, bounds := range table {
		if bounds.items == 0 && bounds.length == 0 && bounds.most == 0 {
			t.Errorf("%s bounds nothing", name)
		}
		if (bounds.length == 0) != (bounds.pattern == "") {
			t.Errorf("%s has a length or a pattern, but not both", name)
		}
		if bounds.least > bounds.most {
			t.Errorf("%s goes from %v to %v", name, bounds.least, bounds.most)
		}
		if _, err := regexp.Compile(bounds.pattern); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
