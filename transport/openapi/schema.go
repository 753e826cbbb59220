package openapi

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// NullMeans marks the schema of a field for which null and leaving the field out are two
// different things. It is the name of an extension, which is removed when the document is
// finished.
const NullMeans = "x-null-means"

// Nullable documents that properties of a schema which are objects can be null. Huma has no tag
// for those that refer to one. Nullable returns the schema that it was given.
func Nullable(s *huma.Schema, properties ...string) *huma.Schema {
	for _, name := range properties {
		was := s.Properties[name]
		if was.Ref == "" {
			was.Nullable = true
			continue
		}
		s.Properties[name] = &huma.Schema{
			Description: was.Description,
			AnyOf:       []*huma.Schema{{Ref: was.Ref}, {Type: "null"}},
		}
	}
	return s
}

// openAnswers documents that answers may get more fields in later versions. Bodies of
// requests may only have the documented fields, unless the face ignores all others.
func (d *Document) openAnswers(schemas map[string]*huma.Schema, sent map[*huma.Schema]bool) {
	// These are huma's own errors. No operation returns them.
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for _, s := range schemas {
		if d.options.Lenient || !sent[s] {
			s.AdditionalProperties = nil
		}
	}
}

// sentSchemas returns the schemas of the requests' bodies and all schemas in them.
func (d *Document) sentSchemas() map[*huma.Schema]bool {
	sent := make(map[*huma.Schema]bool)
	for _, op := range d.Operations() {
		if op.RequestBody != nil {
			for _, media := range op.RequestBody.Content {
				reach(sent, d.spec.Components.Schemas, media.Schema)
			}
		}
	}
	return sent
}

// reach adds the schema and all schemas in it to found.
func reach(found map[*huma.Schema]bool, registry huma.Registry, s *huma.Schema) {
	if s == nil || found[s] {
		return
	}
	found[s] = true
	if s.Ref != "" {
		reach(found, registry, registry.SchemaFromRef(s.Ref))
	}
	reach(found, registry, s.Items)
	for _, inner := range s.Properties {
		reach(found, registry, inner)
	}
	for _, inner := range s.AnyOf {
		reach(found, registry, inner)
	}
}

// allowNulls documents that, for the optional fields of requests' bodies, null is the
// same as leaving the field out.
func allowNulls(sent map[*huma.Schema]bool) {
	for s := range sent {
		for name, property := range s.Properties {
			switch {
			case property.Extensions[NullMeans] != nil:
				property.Extensions = nil
			case slices.Contains(s.Required, name):
			case property.Ref != "":
				Nullable(s, name)
			default:
				property.Nullable = true
			}
		}
	}
}
