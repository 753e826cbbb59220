package transport

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
)

// sentinels maps the errors of the other packages to kinds of problems. The first row
// that matches by [errors.Is] counts. A test demands a row for every exported sentinel.
var sentinels = []struct {
	err error
	Kind
}{
	{domain.ErrUnknownOrganization, notFound},
	{domain.ErrUnknownWorkspace, notFound},
	{domain.ErrUnknownMember, notFound},
	{domain.ErrUnknownUser, notFound},
	{domain.ErrUnknownToken, notFound},
	{domain.ErrUnknownRole, notFound},
	{domain.ErrUnknownSubscription, notFound},
	{domain.ErrUnknownReview, notFound},
	{projections.ErrNotFound, notFound},
	{feed.ErrUnknownEvent, notFound},

	{domain.ErrOrganizationExists, Kind{"organization_exists", http.StatusConflict, "Organization already exists"}},
	{domain.ErrWorkspaceExists, Kind{"workspace_exists", http.StatusConflict, "Workspace already exists"}},
	{domain.ErrTokenExists, Kind{"token_exists", http.StatusConflict, "Token already exists"}},
	{domain.ErrTokenEnded, Kind{"token_ended", http.StatusConflict, "Token already expired or revoked"}},
	{domain.ErrAlreadyMember, Kind{"already_member", http.StatusConflict, "User is already a member"}},
	{domain.ErrMemberEnding, memberEnding},
	{domain.ErrSubscriptionExists, Kind{"subscription_exists", http.StatusConflict, "Subscription already exists"}},
	{domain.ErrTooManySubscriptions, Kind{"too_many_subscriptions", http.StatusConflict, "The organization has all the subscriptions it can have"}},
	{domain.ErrNotNext, NotNext},
	{domain.ErrSecretRotated, Kind{"secret_rotated", http.StatusConflict, "The secret was rotated in the meantime"}},
	{domain.ErrReviewExists, Kind{"review_exists", http.StatusConflict, "Review already exists"}},
	{domain.ErrReviewClosed, Kind{"review_closed", http.StatusConflict, "The review is closed"}},
	{domain.ErrRowRevoked, Kind{"row_revoked", http.StatusConflict, "Access was revoked in this review"}},
	{domain.ErrRowsUndecided, Kind{"rows_undecided", http.StatusConflict, "Rows of the review are undecided"}},
	{domain.ErrAccessInherited, Kind{"access_inherited", http.StatusConflict, "Access comes from a role in the organization"}},
	{domain.ErrOwnAccess, Kind{"own_access", http.StatusForbidden, "Nobody reviews their own access"}},
	{domain.ErrReviewerNeeded, Kind{"reviewer_needed", http.StatusForbidden, "Only a person reviews access"}},
	{domain.ErrRoleExists, Kind{"role_exists", http.StatusConflict, "The organization has, or had, a role with this key"}},
	{domain.ErrRoleBuiltIn, Kind{"role_built_in", http.StatusConflict, "Built-in roles cannot be changed"}},
	{domain.ErrNotActive, Kind{"not_active", http.StatusConflict, "The membership is not active"}},
	{domain.ErrUserSuspended, Kind{"user_suspended", http.StatusConflict, "User is suspended in the organization"}},
	{domain.ErrUserBelongs, Kind{"user_belongs", http.StatusConflict, "User still belongs to the organization"}},
	{domain.ErrProfileInClear, Kind{"profile_in_clear", http.StatusConflict, "The log has the user's profile unsealed"}},
	{domain.ErrErasurePending, Kind{"erasure_pending", http.StatusConflict, "The user's former profile is being erased"}},
	{domain.ErrNotInvited, Kind{"not_invited", http.StatusConflict, "No open invitation"}},
	{domain.ErrEmailTaken, Kind{"email_taken", http.StatusConflict, "E-mail address belongs to another user"}},
	{domain.ErrWorkspaceArchived, Kind{"workspace_archived", http.StatusConflict, "Workspace is archived"}},
	{domain.ErrNotReversible, Kind{"not_reversible", http.StatusConflict, "Event cannot be reverted"}},
	{domain.ErrChangedSince, Kind{"changed_since", http.StatusConflict, "Changed by another event since"}},
	{domain.ErrChangedMeanwhile, serviceUnavailable},
	{domain.ErrLastOwner, Kind{"last_owner", http.StatusConflict, "Last owner cannot be removed"}},
	{domain.ErrNotAllowed, Kind{"not_allowed", http.StatusForbidden, "Not allowed"}},
	{domain.ErrRoleAboveOwn, Kind{"role_above_own", http.StatusForbidden, "Role or permission above the actor's own"}},
	{domain.ErrScopeAboveOwn, Kind{"scope_above_own", http.StatusForbidden, "Token would have more scopes than the actor"}},
	{domain.ErrNotRecorded, Kind{"not_recorded", http.StatusConflict, "Operation left no event"}},
	{domain.ErrPrecondition, Kind{"precondition_failed", http.StatusPreconditionFailed, "Precondition failed"}},

	{projections.ErrBadCursor, Kind{"invalid_cursor", http.StatusUnprocessableEntity, "Cursor does not belong to this list"}},
	{projections.ErrUnknownOrder, Kind{"unknown_order", http.StatusUnprocessableEntity, "Unknown sort order"}},

	{projections.ErrClosed, serviceUnavailable},
	{projections.ErrDamaged, serviceUnavailable},

	{events.ErrIdempotencyMismatch, Kind{"idempotency_mismatch", http.StatusUnprocessableEntity, "Idempotency key was used for a different request"}},
	{events.ErrTooLarge, Kind{"command_too_large", http.StatusRequestEntityTooLarge, "Command too large"}},
	{events.ErrEventTooLarge, Kind{"event_too_large", http.StatusUnprocessableEntity, "Event too large"}},
	{store.ErrUnavailable, serviceUnavailable},
	{feed.ErrBehind, readModelBehind},
	{proof.ErrInconsistent, Kind{"history_changed", http.StatusServiceUnavailable, "The log is not the one that was signed"}},
	{proof.ErrBehind, readModelBehind},
	{events.ErrBehind, readModelBehind},
	{events.ErrOutcomeUnknown, Kind{"outcome_unknown", http.StatusServiceUnavailable, "Outcome unknown"}},

	{auth.ErrMissingToken, missingToken},
	{auth.ErrOtherScheme, invalidToken},
	{auth.ErrInvalidToken, invalidToken},
	{auth.ErrInvalidTicket, invalidTicket},
	{auth.ErrIssuerUnavailable, issuerUnavailable},
	{auth.ErrRateLimited, rateLimited},

	// These keep the service from starting, or stop it. A client that meets one anyway
	// does not learn which.
	{wire.ErrUnknownType, internalError},
	{wire.ErrUnknownSchema, internalError},
	{store.ErrForeignDirectory, internalError},
	{store.ErrDirectoryInUse, internalError},
	{store.ErrNotEmpty, internalError},
	{store.ErrRestoreUnfinished, internalError},
	{store.ErrDirectoryMissing, internalError},
	{store.ErrOtherMode, internalError},
	{store.ErrNoTicket, invalidTicket},
	{wire.ErrDamaged, internalError},
	{store.ErrOtherLog, internalError},
	{store.ErrLogMissing, internalError},
	{store.ErrOtherPartitions, internalError},
	{store.ErrUnknownFormat, internalError},
	{store.ErrTruncated, internalError},
	{store.ErrMarkDamaged, internalError},
	{store.ErrKeysElsewhere, internalError},
	{store.ErrOtherKeys, internalError},
	{store.ErrUnfinished, internalError},
	{projections.ErrAheadOfLog, internalError},
	{store.ErrUnreadable, internalError},
	{store.ErrDisk, serviceUnavailable},
	{events.ErrTryAgain, serviceUnavailable},
	{projections.ErrGap, internalError},
	{projections.ErrUnknownEvent, internalError},
	{projections.ErrNeedsRebuild, internalError},
	{projections.ErrForeignFile, internalError},
	{proof.ErrKeyLost, internalError},
	{proof.ErrKeyDamaged, internalError},
	{proof.ErrOtherKey, internalError},
	{proof.ErrCheckpointLost, internalError},
	{proof.ErrTreeDamaged, internalError},
	{proof.ErrNotCovered, internalError},
	{proof.ErrNotIncluded, internalError},
	{proof.ErrNotSigned, internalError},
}

// Kinds returns every kind of problem once, in the order of their codes.
func Kinds() []Kind {
	all := []Kind{
		invalidRequest, malformedJSON, bodyRequired, bodyUnreadable, bodyTimeout, bodyTooLarge, mediaType,
		insufficientScope, methodNotAllowed, internalError, notReady,
		UnknownInvitation, AnotherInvitee, NATSNotOffered, SecretLost,
	}
	for _, row := range sentinels {
		all = append(all, row.Kind)
	}
	for code, title := range fieldCodes {
		all = append(all, Kind{code, invalidRequest.Status, title})
	}
	slices.SortFunc(all, func(a, b Kind) int { return strings.Compare(a.Code, b.Code) })
	return slices.Compact(all)
}

// maxNamed is how many workspaces a problem names.
const maxNamed = 200

// ProblemOf returns the problem of any error. An error without a row is an internal
// error, whose text is never shown.
func ProblemOf(err error) *Problem {
	var operation *domain.OperationError
	if errors.As(err, &operation) {
		return problemBelow(OperationPointer(operation.Index), operation.Err)
	}
	var row *domain.RowError
	if errors.As(err, &row) {
		return problemBelow("/decisions/"+strconv.Itoa(row.Index), row.Err)
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var field *domain.InvalidError
	if errors.As(err, &field) {
		return Invalid(FieldProblem{field.Pointer, field.Code, field.Detail})
	}
	k := internalError
	for i := range sentinels {
		if errors.Is(err, sentinels[i].err) {
			k = sentinels[i].Kind
			break
		}
	}
	p = k.Problem(err.Error())
	p.cause = err
	return k.adorn(p)
}

// problemBelow returns the problem of a command that is refused because of one of its
// elements, such as an operation of a batch.
func problemBelow(pointer string, err error) *Problem {
	p := ProblemOf(err)
	if p.Errors == nil {
		p.Errors = []FieldProblem{{pointer, p.Code, p.Detail}}
	} else {
		p.Errors = Below(pointer, p.Errors)
	}
	p.Detail = pointer + ": " + p.Detail
	return p
}

// adorn adds to a problem the details and headers that are special to its kind.
func (k Kind) adorn(p *Problem) *Problem {
	var member *domain.AlreadyMemberError
	var last *domain.LastOwnerError
	var since *domain.ChangedSinceError
	var early *auth.RateLimitedError
	var stopped *events.StoppedError
	switch {
	case k == internalError:
		p.Detail = "the request could not be served; the service's log has the reason under the request id"
	case k == notFound:
		p.Detail = NotFound().Detail
	case errors.As(p.cause, &member):
		p.MembershipID = member.Membership.String()
	case errors.As(p.cause, &since):
		p.EventID = since.By.ID.String()
	case errors.As(p.cause, &last):
		p.Workspaces = last.Workspaces[:min(len(last.Workspaces), maxNamed)]
	case k == serviceUnavailable && errors.As(p.cause, &stopped):
		p.Detail = fmt.Sprintf("nothing was done: partition %d of the log takes no commands, because what follows position %s cannot be understood",
			stopped.After.Partition, stopped.After)
		if way := stopped.WayOut(); way != "" {
			p.Detail += "; an operator must mend that: " + way
		}
		return p.retryable()
	case k == serviceUnavailable:
		p.Detail = "nothing was done; try again"
		return p.retryable()
	case k == memberEnding:
		return p.retryable()
	case k == readModelBehind:
		p.Detail = "this node has not caught up with these events yet; try again"
		return p.retryable()
	case k == missingToken, k == invalidTicket, errors.Is(p.cause, auth.ErrOtherScheme):
		return p.with("WWW-Authenticate", "Bearer")
	case k == invalidToken:
		return p.with("WWW-Authenticate", `Bearer error="invalid_token"`)
	case k == issuerUnavailable:
		p.Detail = auth.ErrIssuerUnavailable.Error()
		return p.retryAfter(auth.FetchPause)
	case errors.As(p.cause, &early):
		p.Detail += "; Retry-After says when to continue"
		return p.retryAfter(early.Wait)
	case k.Code == "outcome_unknown":
		p.Detail = "the command may or may not have been carried out; send it again with the same Idempotency-Key to find out"
		return p.retryable()
	}
	return p
}
