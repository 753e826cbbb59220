package openapi

import (
	"fmt"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
)

// shareParameters moves the parameters of all operations to the document's components, so
// that a parameter of many operations is described once.
func (d *Document) shareParameters() error {
	shared := make(map[string]*huma.Param)
	names := make(map[string]string) // by the parameter's JSON
	for _, op := range d.Operations() {
		for i, p := range op.Parameters {
			if p.Ref != "" {
				continue
			}
			p.Schema.Description = "" // the parameter has the same one
			text, err := json.Marshal(p, json.Deterministic(true))
			if err != nil {
				return fmt.Errorf("rendering parameter %s: %w", p.Name, err)
			}
			name := names[string(text)]
			if name == "" {
				name = unusedName(shared, p.Name)
				names[string(text)], shared[name] = name, p
			}
			op.Parameters[i] = &huma.Param{Ref: "#/components/parameters/" + name}
		}
	}
	d.spec.Components.Parameters = shared
	return nil
}

// unusedName returns the name, with a number appended if a different parameter already
// has it.
func unusedName(used map[string]*huma.Param, name string) string {
	unused := name
	for n := 2; used[unused] != nil; n++ {
		unused = fmt.Sprintf("%s-%d", name, n)
	}
	return unused
}
