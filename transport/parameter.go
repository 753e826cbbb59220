package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// parameter is a parameter of an operation's path, query or headers, with the rules for
// its value. The rules come from the schema in the OpenAPI document, so the document says
// what is checked.
type parameter struct {
	name, in string
	pointer  string // such as query.page_size
	required bool
	explode  bool // a list that repeats the parameter for each value
	schema   *huma.Schema
	pattern  *regexp.Regexp // nil: any text
	header   string         // the name as the key of [http.Header]
	field    inputField     // where the value goes
}

// newParameter returns the parameter that an operation declares. It fails if the schema
// has a rule that [parameter.check] does not check, or if the input has no field for it.
func newParameter(p *huma.Param, input reflect.Type) (parameter, error) {
	out := parameter{
		name: p.Name, in: p.In, pointer: p.In + "." + p.Name, required: p.Required,
		explode: p.Explode != nil && *p.Explode, schema: p.Schema, header: http.CanonicalHeaderKey(p.Name),
	}
	if err := out.checkable(); err != nil {
		return out, fmt.Errorf("parameter %s: %w", out.pointer, err)
	}
	var err error
	if out.field, err = fieldOf(input, p.In, p.Name); err != nil {
		return out, fmt.Errorf("parameter %s: %w", out.pointer, err)
	}
	text := p.Schema
	if text.Type == huma.TypeArray {
		text = text.Items
	}
	if text.Pattern == "" {
		return out, nil
	}
	if out.pattern, err = regexp.Compile(text.Pattern); err != nil {
		return out, fmt.Errorf("parameter %s: %w", out.pointer, err)
	}
	return out, nil
}

// checkable returns an error if the parameter has a rule that is not checked.
func (p *parameter) checkable() error {
	if p.in != "path" && p.in != "query" && p.in != "header" {
		return fmt.Errorf("parameters in %q are not read", p.in)
	}
	if s := p.schema; s != nil && s.Type == huma.TypeArray {
		if err := unchecked(s, &huma.Schema{MaxItems: s.MaxItems, Items: s.Items}); err != nil {
			return err
		}
		return checkableValue(s.Items)
	}
	return checkableValue(p.schema)
}

// checkableValue returns an error if the schema of one value has a rule that
// [parameter.wrong] does not check.
func checkableValue(s *huma.Schema) error {
	switch {
	case s == nil:
		return errors.New("it has no schema")
	case s.Type == huma.TypeInteger && (s.Format == "" || s.Format == "int64"):
		return unchecked(s, &huma.Schema{Format: s.Format, Minimum: s.Minimum, Maximum: s.Maximum})
	case s.Type == huma.TypeBoolean:
		return unchecked(s, &huma.Schema{})
	case s.Type == huma.TypeString && s.Format == "uuid":
		return unchecked(s, &huma.Schema{Format: s.Format})
	case s.Type == huma.TypeString:
		return unchecked(s, &huma.Schema{Enum: s.Enum, MaxLength: s.MaxLength, Pattern: s.Pattern})
	}
	return fmt.Errorf("values of type %q and format %q are not checked", s.Type, s.Format)
}

// unchecked returns an error if the schema has a rule besides those that are checked.
// Its type counts as checked, and what only describes it is no rule.
func unchecked(s, checked *huma.Schema) error {
	checked.Type, checked.Nullable = s.Type, s.Nullable
	checked.Title, checked.Description, checked.PatternDescription = s.Title, s.Description, s.PatternDescription
	checked.Default, checked.Examples, checked.Deprecated, checked.Extensions = s.Default, s.Examples, s.Deprecated, s.Extensions
	declared, known := reflect.ValueOf(s).Elem(), reflect.ValueOf(checked).Elem()
	for _, f := range reflect.VisibleFields(declared.Type()) {
		if f.IsExported() && !declared.FieldByIndex(f.Index).IsZero() && known.FieldByIndex(f.Index).IsZero() {
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			return fmt.Errorf("%s of values of type %q is not checked", name, s.Type)
		}
	}
	return nil
}

// sent returns the values of the parameter, one for each time that the request has it. An
// empty value is a value. The array has room for the value of a path.
func (p *parameter) sent(r *http.Request, query url.Values, room *[1]string) []string {
	switch p.in {
	case "query":
		return query[p.name]
	case "path":
		room[0] = r.PathValue(p.name)
		return room[:]
	default:
		return r.Header[p.header]
	}
}

// check checks the values that were sent. If ok is false, wrong says what is wrong with
// them. A parameter that is empty, or that is sent twice, never counts as left out: the
// client meant something by it, and Muster cannot tell what.
func (p *parameter) check(sent []string) (wrong FieldProblem, ok bool) {
	switch {
	case len(sent) == 0 && p.required:
		return p.problem(CodeRequired, "the parameter is needed"), false
	case len(sent) == 0:
		return wrong, true
	case len(sent) > 1 && !p.explode:
		return p.problem(CodeDuplicate, "the "+p.noun()+" is sent more than once; send it once"), false
	case slices.Contains(sent, ""):
		code := CodeInvalidValue
		if p.schema.Format == "uuid" {
			code = CodeInvalidID
		}
		return p.problem(code, "the "+p.noun()+" is empty; give it a value or leave it out"), false
	}
	values, schema := sent, p.schema
	if schema.Type == huma.TypeArray {
		if !p.explode {
			values = strings.Split(sent[0], ",")
		}
		if most := schema.MaxItems; most != nil && len(values) > *most {
			return p.problem(CodeInvalidValue, malformedValue), false
		}
		schema = schema.Items
	}
	for _, value := range values {
		if code, detail := p.wrong(schema, value); code != "" {
			return p.problem(code, detail), false
		}
	}
	return wrong, true
}

// noun returns what the parameter is called in the details of problems.
func (p *parameter) noun() string {
	if p.in == "header" {
		return "header"
	}
	return "parameter"
}

func (p *parameter) problem(code, detail string) FieldProblem {
	return FieldProblem{p.pointer, code, detail}
}

const malformedValue = "the value is malformed"

// wrong returns what is wrong with one value. The code is empty if the value is right.
func (p *parameter) wrong(s *huma.Schema, value string) (code, detail string) {
	switch s.Type {
	case huma.TypeInteger:
		return wrongNumber(s, value)
	case huma.TypeBoolean:
		if _, err := strconv.ParseBool(value); err != nil {
			return CodeInvalidValue, "true or false is expected"
		}
		return "", ""
	}
	if s.Format == "uuid" {
		id, err := domain.ParseID[struct{}](value)
		switch {
		case err != nil:
			return CodeInvalidID, expectedID
		case id.IsZero():
			return CodeInvalidID, nilID
		}
		return "", ""
	}
	return p.wrongText(s, value)
}

func wrongNumber(s *huma.Schema, value string) (code, detail string) {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return CodeInvalidValue, "a whole number is expected"
	case s.Minimum != nil && float64(n) < *s.Minimum:
		return CodeOutOfRange, fmt.Sprintf("a number of at least %v is expected", *s.Minimum)
	case s.Maximum != nil && float64(n) > *s.Maximum:
		return CodeOutOfRange, fmt.Sprintf("a number of at most %v is expected", *s.Maximum)
	}
	return "", ""
}

func (p *parameter) wrongText(s *huma.Schema, value string) (code, detail string) {
	switch {
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, any(value)):
		words := make([]string, len(s.Enum))
		for i, word := range s.Enum {
			words[i] = fmt.Sprint(word)
		}
		return CodeInvalidValue, "one of these is expected: " + strings.Join(words, ", ")
	case s.MaxLength != nil && utf8.RuneCountInString(value) > *s.MaxLength:
		return CodeTooLong, fmt.Sprintf("at most %d characters are expected", *s.MaxLength)
	case p.pattern != nil && !p.pattern.MatchString(value):
		return CodeInvalidValue, malformedValue
	}
	return "", ""
}

// readValues sets the fields of the input to the values of the parameters. It refuses
// values that the operation's declaration does not allow.
func readValues(r *http.Request, query url.Values, declared []parameter, input reflect.Value) error {
	var wrong []FieldProblem
	var room [1]string
	for i := range declared {
		p := &declared[i]
		sent := p.sent(r, query, &room)
		if problem, ok := p.check(sent); !ok {
			wrong = append(wrong, problem)
		} else {
			p.field.set(input, sent)
		}
	}
	return invalidParameters(wrong)
}

// invalidParameters returns the problem of the parameters, in the order of their names, or
// nil if there are none.
func invalidParameters(wrong []FieldProblem) error {
	if wrong == nil {
		return nil
	}
	slices.SortFunc(wrong, func(a, b FieldProblem) int { return strings.Compare(a.Pointer, b.Pointer) })
	return Invalid(wrong...)
}
