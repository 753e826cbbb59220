package transport

import (
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/transport/auth"
)

// BatchResult is what came of a batch.
type BatchResult struct {
	Done    int               `json:"done" doc:"How many operations were not refused." example:"998"`
	Refused int               `json:"refused" doc:"How many were." example:"2"`
	Results []OperationResult `json:"results" nullable:"false" doc:"In the order of the operations."`
}

// OperationResult is what came of one operation of a batch.
type OperationResult struct {
	Status     int         `json:"status" doc:"The HTTP status that the operation would have by itself: 201 for add, 200 for update, 204 for remove, or that of the error." example:"201"`
	Membership *Membership `json:"membership" doc:"As the batch left it; null when the operation was refused, and for a removed one."`
	Invitation *Invitation `json:"invitation" doc:"For an invited person; null for others, and when this is the answer to a request that was answered before."`
	Error      *Refusal    `json:"error" doc:"Why the operation was refused; null when it was not."`
}

// TransformSchema documents what can be null.
func (OperationResult) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "membership", "invitation", "error")
}

func (a *API) memberBatches() {
	command(a, huma.Operation{
		OperationID: "batch-members", Method: http.MethodPost, Path: "/v1/workspaces/{workspace}/members/batch",
		Tags: []string{"Members"}, Security: scope("workspace_members:update"), Summary: "Change many members",
		Description: "At most 1000 operations in one commit, each decided on what those before it have left; a user can stand in one of them only. " +
			"With mode atomic the first operation that is refused refuses all, and the pointers of the problem's errors begin with /operations/N; with best_effort the others are done. " +
			"To add needs the scope workspace_members:create besides, to remove workspace_members:delete. If-Match is held against the workspace. " +
			"A malformed body, and a batch that is too large for one message of the log (413 command_too_large: split it), is refused as a whole. " +
			"Sent again with the same Idempotency-Key the results are the same, without the secrets of invitations; only an operation that has left no event, because it was refused or changed nothing, then has the error not_recorded.",
	}, a.batchMembers)
}

type batchMembersBody struct {
	Mode       string            `json:"mode" enum:"atomic,best_effort" doc:"atomic: all or none; best_effort: all that are not refused."`
	Operations []memberOperation `json:"operations" nullable:"false" minItems:"1" maxItems:"1000"`
}

func (b *batchMembersBody) needs() []need {
	return []need{{"/mode", b.Mode != ""}, {"/operations", len(b.Operations) > 0}}
}

// check refuses a batch in which something is malformed, and names all that is.
func (b *batchMembersBody) check() error {
	var wrong []FieldProblem
	if b.Mode != "atomic" && b.Mode != "best_effort" {
		wrong = append(wrong, FieldProblem{"/mode", codeInvalidValue, "atomic or best_effort is expected"})
	}
	if len(b.Operations) > domain.MaxOperations {
		return invalid(FieldProblem{"/operations", codeTooMany, "at most 1000 operations are expected"})
	}
	for i := range b.Operations {
		if err := b.Operations[i].check(); err != nil {
			wrong = append(wrong, below(operationPointer(i), problemOf(err).Errors)...)
		}
	}
	if wrong != nil {
		return invalid(wrong...)
	}
	return nil
}

// operationPointer is where an operation stands in the body.
func operationPointer(i int) string { return fmt.Sprintf("/operations/%d", i) }

type batchMembersInput struct {
	WorkspacePath
	WriteHeaders
	JSONBody[batchMembersBody]
}

func (a *API) batchMembers(c *call, in *batchMembersInput) (*Committed[BatchResult], error) {
	org, err := c.organizationOf(in.Workspace)
	if err != nil {
		return nil, err
	}
	sent := &in.Body.value
	if err := sent.check(); err != nil {
		return nil, err
	}
	batch := domain.Batch{
		Meta: in.meta(c, org, in.Body.sum), Workspace: in.Workspace, Atomic: sent.Mode == "atomic",
		Operations: make([]domain.Command, len(sent.Operations)), Refused: make([]error, len(sent.Operations)),
	}
	secrets := make([]string, len(sent.Operations))
	for i := range sent.Operations {
		operation := &sent.Operations[i]
		if !c.who.Allows(operation.scope()) {
			return nil, insufficientScope.problem("the token needs the scope " + string(operation.scope()) + " for an operation of the batch")
		}
		if operation.User.IsZero() {
			secrets[i] = auth.NewSecret(auth.InvitationSecret)
		}
		batch.Operations[i] = operation.command(a, batch.Meta, in.Workspace, secrets[i])
	}
	result, err := in.run(c, batch)
	if err != nil {
		return nil, err
	}
	report := batchReport{c, &in.WriteHeaders, result, &batch, holders(result)}
	shown := report.show(sent.Operations, secrets)
	return committed(&in.WriteHeaders, result, &shown), nil
}

// batchReport says what came of a batch.
type batchReport struct {
	call    *call
	headers *WriteHeaders
	result  events.Result
	batch   *domain.Batch
	whose   map[string]domain.UserID // see [holders]
}

func (r *batchReport) show(operations []memberOperation, secrets []string) BatchResult {
	if r.result.Replayed {
		r.refuseReplayed()
	}
	shown := BatchResult{Results: make([]OperationResult, len(operations))}
	for i := range operations {
		shown.Results[i] = r.operation(i, operations[i].status(), secrets[i])
		if shown.Results[i].Error == nil {
			shown.Done++
		} else {
			shown.Refused++
		}
	}
	return shown
}

func (r *batchReport) operation(i, status int, secret string) OperationResult {
	if err := r.batch.Refused[i]; err != nil {
		refusal := r.call.refusal(err, "")
		return OperationResult{Status: refusal.Status, Error: refusal}
	}
	out := OperationResult{Status: status}
	if status == http.StatusNoContent {
		return out
	}
	member := r.member(i)
	shown := r.call.leftMember(r.result, member)
	out.Membership = &shown
	if secret != "" {
		out.Invitation = r.headers.invitation(r.result, member, secret)
	}
	return out
}

// refuseReplayed finds out what was done of a batch that was answered before: what
// has left an event on its user.
func (r *batchReport) refuseReplayed() {
	before := r.result.Position.Number - uint64(len(r.result.Types))
	seen := make(map[domain.MembershipID]bool)
	for i := range r.batch.Operations {
		member := r.member(i)
		if member == nil || member.Version <= before || seen[member.ID] {
			r.batch.Refused[i] = notRecorded.problem("the operation was refused or changed nothing: send it by itself to learn which")
			continue
		}
		seen[member.ID] = true
	}
}

// member is the membership that the i-th operation is on, nil when there is none.
func (r *batchReport) member(i int) *domain.Membership {
	var user domain.UserID
	switch operation := r.batch.Operations[i].(type) { //nolint:gochecksumtype // no other command stands in a batch
	case domain.AddMember:
		user = operation.User
	case domain.ChangeMember:
		user = operation.User
	case domain.RemoveMember:
		user = operation.User
	case domain.InviteMember:
		user = r.whose[domain.FoldEmail(operation.Profile.Email)]
	}
	return r.result.State.Membership(r.batch.Workspace, user)
}

// holders answers whose the e-mail addresses are of all whom the command has seen,
// by their folded form.
func holders(result events.Result) map[string]domain.UserID {
	whose := make(map[string]domain.UserID)
	result.State.Each(func(_ domain.Key, p domain.Part) {
		if p, ok := p.(*domain.Profile); ok {
			whose[domain.FoldEmail(p.Email)] = p.User
		}
	})
	return whose
}
