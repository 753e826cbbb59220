package transport

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
)

// Problem is the body of every answer that is not what was asked for (RFC 9457).
// Programs go by its code; the title and the detail are for people.
type Problem struct {
	Type      string         `json:"type" format:"uri-reference" doc:"Where the code is explained." example:"/docs/problems#last_owner"`
	Title     string         `json:"title" doc:"What the code means; the same for every occurrence." example:"The last owner stays"`
	Status    int            `json:"status" minimum:"400" maximum:"599" doc:"The HTTP status." example:"409"`
	Detail    string         `json:"detail" doc:"What is wrong with this request." example:"there must be an active owner: make somebody else an owner first"`
	Instance  string         `json:"instance" format:"uri-reference" doc:"The path that was asked for." example:"/v1/workspaces/019cc043-af91-783e-9927-3daab1cd9277"`
	Code      string         `json:"code" doc:"The kind of problem, for programs." example:"last_owner"`
	RequestID string         `json:"request_id" doc:"The request's X-Request-Id, under which it is logged." example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	Errors    []FieldProblem `json:"errors,omitempty" nullable:"false" doc:"Which fields and parameters are wrong, and how."`
	// MembershipID stands in the way of an already_member.
	MembershipID string `json:"membership_id,omitempty" format:"uuid" doc:"With already_member: the membership that exists."`

	headers http.Header
	cause   error // logged, never sent
}

// Error is the detail.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// Unwrap is what the problem was made from.
func (p *Problem) Unwrap() error { return p.cause }

// GetStatus tells huma the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders tells huma which headers go with the problem.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// InOne says all that is wrong with the request in one text, for forms that have no
// room for a list.
func (p *Problem) InOne() string {
	if len(p.Errors) < 2 {
		return p.Detail
	}
	texts := make([]string, len(p.Errors))
	for i, field := range p.Errors {
		texts[i] = field.Pointer + ": " + field.Detail
	}
	return strings.Join(texts, "; ")
}

// nativeForm is a problem as the native API answers it.
func nativeForm(p *Problem) ErrorAnswer {
	return ErrorAnswer{p.Status, "application/problem+json", p}
}

// kind is one code that a problem can have.
type kind struct {
	Code   string
	Status int
	Title  string
}

// The kinds of problems that do not come from a sentinel of another room, or that this
// room handles by name.
var (
	invalidRequest     = kind{"invalid_request", http.StatusUnprocessableEntity, "Fields or parameters are wrong"}
	malformedJSON      = kind{"malformed_json", http.StatusBadRequest, "The body is not one JSON value"}
	bodyRequired       = kind{"body_required", http.StatusBadRequest, "A body is needed"}
	bodyUnreadable     = kind{"body_unreadable", http.StatusBadRequest, "The body could not be read"}
	bodyTimeout        = kind{"body_timeout", http.StatusRequestTimeout, "The body did not arrive in time"}
	bodyTooLarge       = kind{"body_too_large", http.StatusRequestEntityTooLarge, "The body is too large"}
	mediaType          = kind{"unsupported_media_type", http.StatusUnsupportedMediaType, "The body is of a type that is not read here"}
	missingToken       = kind{"missing_token", http.StatusUnauthorized, "A token is needed"}
	invalidToken       = kind{"invalid_token", http.StatusUnauthorized, "The token opens nothing"}
	rateLimited        = kind{"rate_limited", http.StatusTooManyRequests, "The token asks too often"}
	insufficientScope  = kind{"insufficient_scope", http.StatusForbidden, "The token may not do this"}
	notFound           = kind{"not_found", http.StatusNotFound, "There is no such thing"}
	methodNotAllowed   = kind{"method_not_allowed", http.StatusMethodNotAllowed, "The path does not take this method"}
	internalError      = kind{"internal_error", http.StatusInternalServerError, "Muster failed"}
	notReady           = kind{"not_ready", http.StatusServiceUnavailable, "Muster is not ready"}
	readModelBehind    = kind{"read_model_behind", http.StatusServiceUnavailable, "This node has not caught up"}
	unknownInvitation  = kind{"unknown_invitation", http.StatusNotFound, "There is no invitation to accept with this"}
	anotherInvitee     = kind{"invitation_for_another_user", http.StatusConflict, "The invitation is for another user"}
	notRecorded        = kind{"not_recorded", http.StatusConflict, "The operation has left no event"}
	issuerUnavailable  = kind{"issuer_unavailable", http.StatusServiceUnavailable, "The issuer of the token cannot be reached"}
	serviceUnavailable = kind{"unavailable", http.StatusServiceUnavailable, "The log cannot be written now"}
)

// clientGone is for the log and the metrics only: nobody is left to see it. The
// status is the one that proxies use.
var clientGone = kind{"client_gone", 499, "The client is gone"}

// sentinels turns what the other rooms refuse with into kinds of problems. The
// first row that [errors.Is] counts; every exported sentinel has one.
var sentinels = []struct {
	err error
	kind
}{
	{domain.ErrUnknownOrganization, notFound},
	{domain.ErrUnknownWorkspace, notFound},
	{domain.ErrUnknownMember, notFound},
	{domain.ErrUnknownToken, notFound},
	{domain.ErrUnknownRole, notFound},
	{projections.ErrNotFound, notFound},
	{events.ErrUnknownEvent, notFound},

	{domain.ErrOrganizationExists, kind{"organization_exists", http.StatusConflict, "The organization exists already"}},
	{domain.ErrWorkspaceExists, kind{"workspace_exists", http.StatusConflict, "The workspace exists already"}},
	{domain.ErrTokenExists, kind{"token_exists", http.StatusConflict, "The token exists already"}},
	{domain.ErrTokenEnded, kind{"token_ended", http.StatusConflict, "The token opens nothing any more"}},
	{domain.ErrAlreadyMember, kind{"already_member", http.StatusConflict, "The user is a member already"}},
	{domain.ErrRoleExists, kind{"role_exists", http.StatusConflict, "The organization has, or had, a role with this key"}},
	{domain.ErrRoleBuiltIn, kind{"role_built_in", http.StatusConflict, "Built-in roles cannot be changed"}},
	{domain.ErrNotActive, kind{"not_active", http.StatusConflict, "The membership is not active"}},
	{domain.ErrNotInvited, kind{"not_invited", http.StatusConflict, "There is no invitation"}},
	{domain.ErrEmailTaken, kind{"email_taken", http.StatusConflict, "Another user has the e-mail address"}},
	{domain.ErrWorkspaceArchived, kind{"workspace_archived", http.StatusConflict, "The workspace is archived"}},
	{domain.ErrLastOwner, kind{"last_owner", http.StatusConflict, "The last owner stays"}},
	{domain.ErrNotAllowed, kind{"not_allowed", http.StatusForbidden, "The actor may not do this"}},
	{domain.ErrRoleAboveOwn, kind{"role_above_own", http.StatusForbidden, "The role is above the actor's own"}},
	{domain.ErrScopeAboveOwn, kind{"scope_above_own", http.StatusForbidden, "The token would be allowed more than the actor is"}},
	{domain.ErrPrecondition, kind{"precondition_failed", http.StatusPreconditionFailed, "The resource is not in the state demanded"}},

	{projections.ErrBadCursor, kind{"invalid_cursor", http.StatusUnprocessableEntity, "The cursor does not belong to this list"}},
	{projections.ErrUnknownOrder, kind{"unknown_order", http.StatusUnprocessableEntity, "The list cannot be put in that order"}},

	{projections.ErrClosed, serviceUnavailable},

	{events.ErrIdempotencyMismatch, kind{"idempotency_mismatch", http.StatusUnprocessableEntity, "The idempotency key was used for another request"}},
	{events.ErrTooLarge, kind{"command_too_large", http.StatusRequestEntityTooLarge, "The command is too large for one message of the log"}},
	{events.ErrUnavailable, serviceUnavailable},
	{events.ErrOutcomeUnknown, kind{"outcome_unknown", http.StatusServiceUnavailable, "Nobody knows whether it was done"}},

	{auth.ErrMissingToken, missingToken},
	{auth.ErrOtherScheme, invalidToken},
	{auth.ErrInvalidToken, invalidToken},
	{auth.ErrIssuerUnavailable, issuerUnavailable},
	{auth.ErrRateLimited, rateLimited},

	// These keep the service from starting, or stop it. Where a client meets one
	// all the same, it is no business of theirs which.
	{events.ErrUnknownType, internalError},
	{events.ErrUnknownSchema, internalError},
	{events.ErrDirectoryInUse, internalError},
	{events.ErrDirectoryMissing, internalError},
	{events.ErrOtherMode, internalError},
	{events.ErrDamaged, internalError},
	{events.ErrOtherLog, internalError},
	{events.ErrLogMissing, internalError},
	{events.ErrOtherPartitions, internalError},
	{events.ErrUnknownFormat, internalError},
	{events.ErrOtherLog, internalError},
	{events.ErrLogMissing, internalError},
	{events.ErrTruncated, internalError},
	{projections.ErrGap, internalError},
	{projections.ErrUnknownEvent, internalError},
	{projections.ErrNeedsRebuild, internalError},
	{projections.ErrForeignFile, internalError},
}

// kinds answers every kind of problem once, in the order of their codes.
func kinds() []kind {
	all := []kind{
		invalidRequest, malformedJSON, bodyRequired, bodyUnreadable, bodyTimeout, bodyTooLarge, mediaType,
		insufficientScope, methodNotAllowed, internalError, notReady, readModelBehind,
		unknownInvitation, anotherInvitee, notRecorded,
	}
	for _, row := range sentinels {
		all = append(all, row.kind)
	}
	for code, title := range fieldCodes {
		all = append(all, kind{code, invalidRequest.Status, title})
	}
	slices.SortFunc(all, func(a, b kind) int { return strings.Compare(a.Code, b.Code) })
	return slices.Compact(all)
}

// problem makes a problem of the kind.
func (k kind) problem(detail string) *Problem {
	return &Problem{
		Type: "/docs/problems#" + k.Code, Title: k.Title, Status: k.Status, Code: k.Code, Detail: detail,
	}
}

// with adds a header.
func (p *Problem) with(name, value string) *Problem {
	if p.headers == nil {
		p.headers = make(http.Header, 1)
	}
	p.headers.Set(name, value)
	return p
}

// retryable says that another try makes sense in a second.
func (p *Problem) retryable() *Problem { return p.retryAfter(time.Second) }

// retryAfter says after how many whole seconds another try makes sense.
func (p *Problem) retryAfter(wait time.Duration) *Problem {
	return p.with("Retry-After", strconv.Itoa(int(wait/time.Second)))
}

// invalid is the problem of fields or parameters that are wrong. When all are
// wrong in the same way, that way is the problem's code.
func invalid(fields ...FieldProblem) *Problem {
	code := fields[0].Code
	for _, f := range fields[1:] {
		if f.Code != code {
			code = invalidRequest.Code
		}
	}
	title, ok := fieldCodes[code]
	if !ok {
		title = invalidRequest.Title
	}
	detail := "see errors for what is wrong and where"
	if len(fields) == 1 {
		detail = fields[0].Pointer + ": " + fields[0].Detail
	}
	p := kind{code, invalidRequest.Status, title}.problem(detail)
	p.Errors = fields
	return p
}

// nothing is the problem of everything that does not exist or that the token
// may not know of; nobody can tell one from the other.
func nothing() *Problem {
	return notFound.problem("there is no such resource, or the token does not reach it")
}

// problemOf turns any error into a problem. What is not known is an internal
// error, and says nothing of what is inside.
func problemOf(err error) *Problem {
	var operation *domain.OperationError
	if errors.As(err, &operation) {
		return problemOfOperation(operation)
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var field *domain.InvalidError
	if errors.As(err, &field) {
		return invalid(FieldProblem{field.Pointer, field.Code, field.Detail})
	}
	k := internalError
	for i := range sentinels {
		if errors.Is(err, sentinels[i].err) {
			k = sentinels[i].kind
			break
		}
	}
	p = k.problem(err.Error())
	p.cause = err
	return k.adorn(p)
}

// problemOfOperation is the problem of a batch that one operation of it refuses.
func problemOfOperation(e *domain.OperationError) *Problem {
	p, pointer := problemOf(e.Err), operationPointer(e.Index)
	if p.Errors == nil {
		p.Errors = []FieldProblem{{pointer, p.Code, p.Detail}}
	} else {
		p.Errors = below(pointer, p.Errors)
	}
	p.Detail = pointer + ": " + p.Detail
	return p
}

// adorn adds what some kinds come with.
func (k kind) adorn(p *Problem) *Problem {
	var member *domain.AlreadyMemberError
	var early *auth.RateLimitedError
	switch {
	case k == internalError:
		p.Detail = "the request could not be served; the log of the service says why, under the request id"
	case k == notFound:
		p.Detail = nothing().Detail
	case errors.As(p.cause, &member):
		p.MembershipID = member.Membership.String()
	case k == serviceUnavailable:
		p.Detail = "nothing was done; try again"
		return p.retryable()
	case k == missingToken, errors.Is(p.cause, auth.ErrOtherScheme):
		return p.with("WWW-Authenticate", "Bearer")
	case k == invalidToken:
		return p.with("WWW-Authenticate", `Bearer error="invalid_token"`)
	case k == issuerUnavailable:
		p.Detail = auth.ErrIssuerUnavailable.Error()
		return p.retryAfter(auth.FetchPause)
	case errors.As(p.cause, &early):
		p.Detail += "; Retry-After says when to go on"
		return p.retryAfter(early.Wait)
	case k.Code == "outcome_unknown":
		p.Detail = "the command may have been done or not; send it again with the same Idempotency-Key to find out"
		return p.retryable()
	}
	return p
}
