package transport

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

// newWith returns the error of New for an operation whose input has the field.
func newWith[Input any]() error {
	_, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{testFace(Operation{
		ID: "some", Path: "/test/some", Reach: ReachPublic,
		Do: Query(func(*Call, *Input) (*struct{}, error) { return nil, nil }),
	})}})
	return err
}

// New fails if a parameter declares a rule that is not checked.
func TestUncheckedRules(t *testing.T) {
	type (
		shortest struct {
			P string `query:"p" minLength:"1" maxLength:"9" pattern:"^a"`
		}
		fewest struct {
			P []string `query:"p" minItems:"1" maxItems:"9" maxLength:"9" pattern:"^a"`
		}
		fraction struct {
			P float64 `query:"p" minimum:"1" maximum:"9"`
		}
		small struct {
			P int32 `query:"p" minimum:"1" maximum:"9"`
		}
		multiple struct {
			P int `query:"p" minimum:"1" maximum:"9" multipleOf:"3"`
		}
		moment struct {
			P time.Time `query:"p"`
		}
		address struct {
			P string `query:"p" maxLength:"9" format:"email"`
		}
		cookie struct {
			P string `cookie:"p" maxLength:"9" pattern:"^a"`
		}
		items struct {
			P []string `query:"p" maxItems:"9" format:"email" maxLength:"9"`
		}
	)
	for _, c := range []struct {
		err  error
		want string
	}{
		{newWith[shortest](), `parameter query.p: minLength of values of type "string" is not checked`},
		{newWith[fewest](), `parameter query.p: minItems of values of type "array" is not checked`},
		{newWith[fraction](), `parameter query.p: values of type "number" and format "double" are not`},
		{newWith[small](), `parameter query.p: values of type "integer" and format "int32" are not`},
		{newWith[multiple](), `parameter query.p: multipleOf of values of type "integer" is not checked`},
		{newWith[moment](), `parameter query.p: format of values of type "string" is not checked`},
		{newWith[address](), `parameter query.p: format of values of type "string" is not checked`},
		{newWith[items](), `parameter query.p: format of values of type "string" is not checked`},
		{newWith[cookie](), `parameter cookie.p: parameters in "cookie" are not read`},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("got %v, want %s", c.err, c.want)
		}
	}
	type checked struct {
		ID     string   `query:"id" format:"uuid"`
		Size   int      `query:"size" minimum:"1" maximum:"9" default:"3"`
		Types  []string `query:"types" maxItems:"9" maxLength:"9" pattern:"^a"`
		Kind   string   `header:"Kind" enum:"a,b"`
		DryRun bool     `query:"dry_run"`
	}
	if err := newWith[checked](); err != nil {
		t.Error(err)
	}
}
