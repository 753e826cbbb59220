package openapi

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// Example is a body that an operation takes and the operation's answer to it, both as
// JSON. An empty text means that there is no body.
type Example struct{ Body, Answer string }

// exemplify adds the examples of bodies and answers to the operations.
func (d *Document) exemplify() error {
	for _, op := range d.Operations() {
		body, answer, err := d.options.Examples[op.OperationID].values()
		if err != nil {
			return fmt.Errorf("reading the examples of %s: %w", op.OperationID, err)
		}
		if op.RequestBody != nil {
			for _, media := range op.RequestBody.Content {
				media.Example = body
			}
		}
		for _, response := range op.Responses {
			for _, media := range response.Content {
				if media.Example == nil {
					media.Example = answer
				}
			}
		}
	}
	return nil
}

// values returns the JSON values of the two texts. The value of an empty text is nil.
func (e Example) values() (body, answer any, err error) {
	if e.Body != "" {
		err = json.Unmarshal([]byte(e.Body), &body)
	}
	if e.Answer != "" {
		err = errors.Join(err, json.Unmarshal([]byte(e.Answer), &answer))
	}
	return body, answer, err
}
