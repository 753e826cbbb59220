package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-dev/muster/events/wire"
)

// eventData returns the data of the stored CloudEvent.
func eventData(e *wire.Entry) (json.RawMessage, error) {
	var stored struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(e.Stored, &stored); err != nil {
		return nil, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return stored.Data, nil
}

// summary returns an event's data as one line, whatever its type. A change is shown as
// "role viewer → editor". Ids and hashes are left out: the other formats have them.
func summary(data json.RawMessage) string {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return string(data)
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name == "id" || strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_sha256") {
			continue
		}
		if text := summaryOf(fields[name]); text != "" {
			parts = append(parts, strings.ReplaceAll(name, "_", " ")+" "+text)
		}
	}
	return strings.Join(parts, ", ")
}

func summaryOf(value any) string {
	switch value := value.(type) {
	case map[string]any:
		from, isChange := value["from"]
		if to, both := value["to"]; isChange && both {
			return summaryOf(from) + " → " + summaryOf(to)
		}
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if text := summaryOf(value[name]); text != "" && name != "id" && !strings.HasSuffix(name, "_sha256") {
				parts = append(parts, text)
			}
		}
		return strings.Join(parts, " ")
	case []any:
		parts := make([]string, len(value))
		for i, v := range value {
			parts[i] = summaryOf(v)
		}
		return strings.Join(parts, " ")
	case nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}
