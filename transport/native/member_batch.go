package native

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/openapi"
)

// BatchResult is the outcome of a batch.
type BatchResult struct {
	Done    int               `json:"done" bounds:"operations" doc:"How many operations were not refused." example:"998"`
	Refused int               `json:"refused" bounds:"operations" doc:"How many were." example:"2"`
	Results []OperationResult `json:"results" bounds:"operations" nullable:"false" doc:"In the order of the operations."`
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (r *BatchResult) AppendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"done":`...), int64(r.Done), 10)
	b = strconv.AppendInt(append(b, `,"refused":`...), int64(r.Refused), 10)
	return append(appendList(append(b, `,"results":`...), r.Results, func(b []byte, o *OperationResult) []byte { return o.AppendJSON(b) }), '}')
}

// OperationResult is the outcome of one operation of a batch.
type OperationResult struct {
	Status     int                `json:"status" bounds:"status" doc:"The HTTP status that the operation would have by itself: 201 for add, 200 for update, 204 for remove, or that of the error." example:"201"`
	Membership *Membership        `json:"membership" doc:"As the batch left it; null when the operation was refused, and for a removed one."`
	Invitation *Invitation        `json:"invitation" doc:"For an invited person; null for others, and when this is the answer to a request that was answered before."`
	Error      *transport.Refusal `json:"error" doc:"Why the operation was refused; null when it was not."`
}

// TransformSchema documents which fields can be null.
func (OperationResult) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "membership", "invitation", "error")
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (r *OperationResult) AppendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"status":`...), int64(r.Status), 10)
	b = append(b, `,"membership":`...)
	if r.Membership == nil {
		b = append(b, "null"...)
	} else {
		b = r.Membership.AppendJSON(b)
	}
	b = append(b, `,"invitation":`...)
	if r.Invitation == nil {
		b = append(b, "null"...)
	} else {
		b = r.Invitation.AppendJSON(b)
	}
	b, _ = transport.AppendJSON(append(b, `,"error":`...), r.Error) // our own types always encode
	return append(b, '}')
}

func memberBatchOperations() []transport.Operation {
	return []transport.Operation{
		{
			ID: "batch-members", Method: http.MethodPost, Path: "/v1/workspaces/{workspace}/members/batch",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: "Members",
			Summary:     "Change many members",
			Description: "At most 1000 operations in one commit. Each operation sees the outcome of those before it, and a user can appear in only one of them. With mode atomic one refused operation refuses the whole batch, and the pointers of the problem's errors begin with /operations/N. With best_effort the others are done. Adding also needs the scope workspace_members:create, and removing workspace_members:delete. If-Match is about the workspace. A malformed body is refused as a whole, and so is a batch that is too large for one message of the log (413 command_too_large; detail says how many operations to send at a time, and 20 always fit). When a batch is sent again with the same Idempotency-Key, the results are the same, without the secrets of invitations. An operation that left no event, because it was refused or changed nothing, then has the error not_recorded.",
			Do:          transport.Command(batchMembers),
		},
	}
}

type batchMembersBody struct {
	Mode       string            `json:"mode" enum:"atomic,best_effort" doc:"atomic: all or none; best_effort: all that are not refused."`
	Operations []memberOperation `json:"operations" nullable:"false" minItems:"1" maxItems:"1000"`
}

func (b *batchMembersBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/mode", b.Mode != ""), transport.Require("/operations", len(b.Operations) > 0)}
}

// check refuses a batch with malformed operations, and names all of them.
func (b *batchMembersBody) check() error {
	var wrong []transport.FieldProblem
	if b.Mode != "atomic" && b.Mode != "best_effort" {
		wrong = append(wrong, transport.FieldProblem{Pointer: "/mode", Code: transport.CodeInvalidValue, Detail: "atomic or best_effort is expected"})
	}
	if len(b.Operations) > domain.MaxOperations {
		return transport.InvalidField("/operations", transport.CodeTooMany, "at most 1000 operations are expected")
	}
	for i := range b.Operations {
		if err := b.Operations[i].check(); err != nil {
			wrong = append(wrong, transport.Below(transport.OperationPointer(i), transport.ProblemOf(err).Errors)...)
		}
	}
	if wrong != nil {
		return transport.Invalid(wrong...)
	}
	return nil
}

type batchMembersInput struct {
	WorkspacePath
	transport.WriteHeaders
	transport.JSONBody[batchMembersBody]
}

func batchMembers(c *transport.Call, in *batchMembersInput) (*transport.Committed[BatchResult], error) {
	sent := in.Sent()
	if err := sent.check(); err != nil {
		return nil, err
	}
	secrets := make([]string, len(sent.Operations))
	for i := range sent.Operations {
		operation := &sent.Operations[i]
		if scope := operation.scope(); !c.Bearer().Allows(scope) {
			return nil, transport.LacksScope(scope, " for an operation of the batch")
		}
		if operation.User.IsZero() {
			secrets[i] = auth.NewSecret(auth.InvitationSecret)
		}
	}
	result, err := c.DoInWorkspace(in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		batch := domain.Batch{
			Meta: m, Workspace: in.Workspace, Atomic: sent.Mode == "atomic", Operations: make([]domain.Command, len(sent.Operations)),
		}
		for i := range sent.Operations {
			batch.Operations[i] = sent.Operations[i].command(c, m, in.Workspace, secrets[i])
		}
		return batch
	})
	if err != nil {
		return nil, err
	}
	shown := BatchResult{Results: make([]OperationResult, len(sent.Operations))}
	for i, outcome := range result.Outcomes {
		shown.Results[i] = operationResult(c, result, outcome, sent.Operations[i].status(), secrets[i])
		if outcome.Err == nil {
			shown.Done++
		} else {
			shown.Refused++
		}
	}
	return transport.Commit(result, &shown), nil
}

// operationResult returns what the answer shows of the outcome of one operation. The
// status is the one that the operation would have by itself.
func operationResult(c *transport.Call, result transport.Result, outcome domain.Outcome, status int, secret string) OperationResult {
	if outcome.Err != nil {
		refusal := c.Refusal(outcome.Err)
		return OperationResult{Status: refusal.Status, Error: refusal}
	}
	out := OperationResult{Status: status}
	if status == http.StatusNoContent {
		return out
	}
	member := c.Left(result, outcome.Target)
	shown := showMember(&member)
	out.Membership = &shown
	if secret != "" {
		out.Invitation = newInvitation(result, &member.Membership, secret)
	}
	return out
}
