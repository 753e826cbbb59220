package transport

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// examples has, for every operation that takes a body, one that it takes.
var examples = map[string]string{
	"create-organization": `{"name": "Acme Studios", "owner": {"user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10", "email": "ada@acme.example", "name": {"first": "Ada", "last": "Lovelace"}}}`,
	"update-organization": `{"name": "Acme Pictures"}`,

	"put-organization-member": `{"role": "admin"}`,
	"put-user":                `{"email": "ada@acme.example", "name": {"first": "Ada", "last": "Lovelace"}, "avatar_url": "https://acme.example/ada.png"}`,

	"create-role": `{"key": "reviewer", "name": "Reviewer", "level": 25, "permissions": ["workspace.view", "reports.view"]}`,
	"update-role": `{"permissions": ["workspace.view", "reports.view", "reports.comment"]}`,

	"create-workspace": `{"name": "Product", "owner_user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"}`,
	"update-workspace": `{"name": "Products"}`,

	"add-member":    `{"email": "grace@acme.example", "name": {"first": "Grace", "last": "Hopper"}, "role": "editor", "invitation_expires_in": 1209600}`,
	"put-member":    `{"role": "editor", "permissions": ["workspace.view", "reports.view"], "expires_at": "2035-12-31T23:00:00Z"}`,
	"update-member": `{"role": "viewer", "permissions": null}`,
	"batch-members": `{"mode": "best_effort", "operations": [
		{"op": "add", "email": "alan@acme.example", "role": "viewer"},
		{"op": "update", "user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10", "role": "editor"},
		{"op": "remove", "user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b11"}]}`,
	"transfer-ownership": `{"to_user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b12", "from_user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"}`,
	"resend-invitation":  `{"invitation_expires_in": 1209600}`,
	"accept-invitation":  `{"token": "inv_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"}`,

	"check-access": `{"user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10", "workspace_id": "019cc043-af91-783e-9927-3daab1cd9277", "permission": "content.edit"}`,
	"batch-check-access": `{"checks": [
		{"user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10", "workspace_id": "019cc043-af91-783e-9927-3daab1cd9277", "permission": "content.edit"},
		{"user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10", "workspace_id": "019cc043-af91-783e-9927-3daab1cd9277", "role": "admin"}]}`,

	"issue-token":  `{"name": "Billing service", "scopes": ["workspace_members:read", "access:read"], "expires_at": "2035-12-31T23:00:00Z"}`,
	"rotate-token": `{"overlap_seconds": 86400}`,
}

// recordedAnswers has, for every operation that answers with a body, what the
// service has answered to its example, in a story that a test tells it.
//
//go:embed answers.json
var recordedAnswers []byte

// nativeExamples are those of the native API.
func nativeExamples() map[string]Example {
	var answers map[string]jsontext.Value
	if err := json.Unmarshal(recordedAnswers, &answers); err != nil {
		panic(err) // embedded: a test writes it
	}
	all := make(map[string]Example)
	for id, body := range examples {
		all[id] = Example{Body: body}
	}
	for id, answer := range answers {
		all[id] = Example{all[id].Body, string(answer)}
	}
	return all
}

// exemplify gives every operation of the document an example of its body and of its
// answer. That none is missing, tests see.
func exemplify(doc *huma.OpenAPI, shown map[string]Example) error {
	for _, op := range operations(doc) {
		body, answer, err := shown[op.OperationID].values()
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

// values are the JSON values that the texts stand for; nil for none.
func (e Example) values() (body, answer any, err error) {
	if e.Body != "" {
		err = json.Unmarshal([]byte(e.Body), &body)
	}
	if e.Answer != "" {
		err = errors.Join(err, json.Unmarshal([]byte(e.Answer), &answer))
	}
	return body, answer, err
}
