package terminal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Summary returns an event's data as one line, whatever its type. A change is shown as
// "role viewer → editor". Ids and hashes are left out: the other formats have them.
//
// A caller who knows names passes the function named. It is called with the name of a field
// and a text in it, and returns what to show for the text: of an id, it is left out if that
// is empty; anything else is then shown as it is. The function can be nil.
func Summary(data json.RawMessage, named func(field, text string) string) string {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return string(data)
	}
	s := summary{named}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if text := s.field(name, fields[name]); text != "" {
			parts = append(parts, strings.ReplaceAll(strings.TrimSuffix(name, "_id"), "_", " ")+" "+text)
		}
	}
	return strings.Join(parts, ", ")
}

type summary struct {
	named func(field, text string) string
}

// field returns a field as text, which is empty if the field is left out.
func (s summary) field(name string, value any) string {
	if name == "id" || strings.HasSuffix(name, "_sha256") || strings.HasSuffix(name, "_id") && s.named == nil {
		return ""
	}
	return s.value(name, value)
}

// value returns a value of the field.
func (s summary) value(field string, value any) string {
	switch value := value.(type) {
	case map[string]any:
		from, isChange := value["from"]
		if to, both := value["to"]; isChange && both {
			return s.change(field, s.value(field, from), s.value(field, to))
		}
		return s.object(value)
	case []any:
		parts := make([]string, len(value))
		for i, v := range value {
			parts[i] = s.value(field, v)
		}
		return strings.Join(parts, " ")
	case string:
		return s.text(field, value)
	case nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

func (s summary) change(field, from, to string) string {
	if from == "" && to == "" && strings.HasSuffix(field, "_id") {
		return ""
	}
	return from + " → " + to
}

func (s summary) object(fields map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name == "id" || strings.HasSuffix(name, "_sha256") {
			continue
		}
		if text := s.value(name, fields[name]); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}

func (s summary) text(field, text string) string {
	if s.named == nil {
		return text
	}
	if name := s.named(field, text); name != "" || strings.HasSuffix(field, "_id") {
		return name
	}
	return text
}
