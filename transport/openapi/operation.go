package openapi

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// OrCreated returns the responses of an operation that answers 201 when it has created
// the resource. [Document.Complete] gives the 201 the same body and headers as the 200.
func OrCreated() map[string]*huma.Response {
	return map[string]*huma.Response{"201": {Description: http.StatusText(http.StatusCreated)}}
}

// Refer adds the errors with these statuses to the answers of an operation. The
// operation's Responses must not be nil.
func Refer(op *huma.Operation, statuses ...int) {
	for _, status := range statuses {
		op.Responses[strconv.Itoa(status)] = errorResponse(status)
	}
}

// Complete adds to the description of a registered operation what follows from its input
// and answer types: bounds, the other media types of its body, and the answers that have
// the same form as another one. Call it once for each operation, after [huma.Register].
func (d *Document) Complete(op *huma.Operation, input, answer reflect.Type) {
	d.boundParameters(op, input)
	d.boundHeaders(op, answer)
	if op.RequestBody != nil {
		content := op.RequestBody.Content
		if d.options.MergePatch && op.Method == http.MethodPatch {
			content["application/merge-patch+json"] = content["application/json"]
		}
		for _, media := range d.options.MediaTypes {
			content[media] = content["application/json"]
		}
	}
	if created, ok := op.Responses["201"], op.Responses["200"]; ok != nil && created != nil {
		created.Content, created.Headers = ok.Content, ok.Headers
	}
	if len(op.Security) > 0 {
		for _, response := range op.Responses {
			if response.Ref == "" {
				response.Headers = d.withRateHeaders(response.Headers)
			}
		}
	}
	if op.Method == http.MethodGet && takes(op, "If-None-Match") {
		op.Responses["304"] = &huma.Response{Description: http.StatusText(http.StatusNotModified), Headers: op.Responses["200"].Headers}
	}
}

// takes reports whether the operation has a parameter with that name.
func takes(op *huma.Operation, name string) bool {
	for _, p := range op.Parameters {
		if p.Name == name {
			return true
		}
	}
	return false
}
