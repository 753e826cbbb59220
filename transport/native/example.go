package native

import (
	_ "embed"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/transport"
)

// bodies maps the id of every operation that takes a body to an example of the body.
var bodies = map[string]string{
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

	"create-subscription":        `{"name": "Provisioning", "kind": "webhook", "url": "https://app.acme.example/hooks/muster", "types": ["muster.member.*"], "from": "earliest"}`,
	"update-subscription":        `{"types": ["muster.member.*", "muster.workspace.*"]}`,
	"pause-subscription":         `{"reason": "Maintenance"}`,
	"rewind-subscription":        `{"from": "earliest"}`,
	"skip-event":                 `{"position": "0-1043", "reason": "The receiver cannot read it, ticket 4711"}`,
	"rotate-subscription-secret": `{"overlap_seconds": 86400}`,

	"open-review":   `{"name": "Spring 2026", "due_at": "2035-12-31T23:00:00Z"}`,
	"decide-review": `{"decisions": [{"workspace_id": "019cc043-af91-783e-9927-3daab1cd9277", "user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b13", "decision": "revoked", "reason": "Has left the project"}]}`,
	"close-review":  `{"leave_undecided": true, "reason": "The owner is away until May"}`,

	"report-revocations":          `{"leavers": "email,left_at\nada@acme.example,2026-03-05T17:00:00Z\n"}`,
	"report-revocations-manifest": `{"leavers": "email,left_at\nada@acme.example,2026-03-05T17:00:00Z\n"}`,

	"issue-token":  `{"name": "Billing service", "scopes": ["workspace_members:read", "access:read"], "expires_at": "2035-12-31T23:00:00Z"}`,
	"rotate-token": `{"overlap_seconds": 86400}`,
}

// recordedAnswers maps the id of every operation that answers with a body to the answer
// to its example. A test records the answers of a service and writes the file.
//
//go:embed answers.json
var recordedAnswers []byte

// examples returns the examples of all operations: the body and the recorded answer.
func examples() map[string]transport.Example {
	var answers map[string]jsontext.Value
	if err := json.Unmarshal(recordedAnswers, &answers); err != nil {
		panic(err) // a test writes the embedded file
	}
	all := make(map[string]transport.Example)
	for id, body := range bodies {
		all[id] = transport.Example{Body: body}
	}
	for id, answer := range answers {
		all[id] = transport.Example{Body: all[id].Body, Answer: string(answer)}
	}
	return all
}
