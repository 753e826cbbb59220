package catalogue

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The sections of docs/events.md that are written from the catalogue.
const (
	sectionAttributes = "attributes"
	sectionTypes      = "types"
)

// Rewrite returns a page of the documentation with its sections written again. A section is
// what is between two lines:
//
//	<!--attributes: written by go generate ./events/catalogue-->
//	<!--end of attributes-->
//
// It fails if the page lacks a section, and as [Nouns] does.
func Rewrite(page string) (string, error) {
	for name, write := range map[string]func() (string, error){sectionAttributes: attributesReference, sectionTypes: typesReference} {
		begin, end := "<!--"+name+": written by go generate ./events/catalogue-->\n", "<!--end of "+name+"-->\n"
		before, rest, ok := strings.Cut(page, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			return "", fmt.Errorf("the page has no section %s: lines %q and %q are expected", name, begin, end)
		}
		section, err := write()
		if err != nil {
			return "", err
		}
		page = before + begin + "\n" + section + "\n" + end + after
	}
	return page, nil
}

// attributesReference shows an event and explains its attributes.
func attributesReference() (string, error) {
	types, err := Types()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i := range types {
		if types[i].Name != usual {
			continue
		}
		event, err := Example(types[i].Examples[0])
		if err != nil {
			return "", err
		}
		if err := event.Whole.Indent(jsontext.WithIndent("  ")); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "<!-- shape: CloudEvent -->\n```json\n%s\n```\n\n", event.Whole)
	}
	b.WriteString("| attribute | value | meaning |\n|---|---|---|\n")
	for _, a := range Attributes() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", a.Name, a.form(), a.Text)
	}
	return b.String(), nil
}

// form says in words what the attribute's value is.
func (a Attribute) form() string {
	if a.Schema.Const != nil {
		return fmt.Sprintf("`%s`", a.Schema.Const)
	}
	return a.Schema.form() + optional(a.Optional)
}

func optional(is bool) string {
	if is {
		return ", optional"
	}
	return ""
}

// typesReference lists all types, and then explains them one by one.
func typesReference() (string, error) {
	nouns, err := Nouns()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| type | what happened | concerns |\n|---|---|---|\n")
	for _, n := range nouns {
		for i := range n.Types {
			t := &n.Types[i]
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", t.Name, anchor(t.Name), t.What, none(strings.Join(t.Concerns(), ", ")))
		}
	}
	for _, n := range nouns {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", n.Name, n.About)
		for i := range n.Types {
			if err := n.Types[i].explain(&b); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

// explain writes when the event happens, the fields of its data, and examples of the data.
func (t *Type) explain(b *strings.Builder) error {
	fmt.Fprintf(b, "\n#### %s\n\n%s", t.Name, t.What)
	if t.More != "" {
		b.WriteString(" " + t.More)
	}
	b.WriteString("\n\n")
	if len(t.Fields) > 0 {
		b.WriteString("| field | value | meaning |\n|---|---|---|\n")
		for _, f := range t.Fields {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Path, f.Form+optional(f.Optional), f.Text)
		}
		b.WriteString("\n")
	}
	b.WriteString("```text\n")
	for i, r := range t.Examples {
		event, err := Example(r)
		if err != nil {
			return err
		}
		var whole struct {
			Subject string `json:"subject"`
		}
		if err := json.Unmarshal(event.Whole, &whole); err != nil {
			return err
		}
		if i == 0 {
			fmt.Fprintf(b, "subject  %s\n", none(whole.Subject))
		}
		data := event.Data
		if err := data.Format(jsontext.SpaceAfterColon(true), jsontext.SpaceAfterComma(true)); err != nil {
			return err
		}
		fmt.Fprintf(b, "data     %s\n", data)
	}
	b.WriteString("```\n")
	return nil
}

// anchor returns the anchor that GitHub gives a heading.
func anchor(heading string) string { return strings.ReplaceAll(heading, ".", "") }

func none(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
