package domain

import "errors"

// The rules that a command can break. The errors that [Decide] returns wrap them with
// their subject.
var (
	ErrUnknownOrganization = errors.New("there is no such organization")
	ErrUnknownWorkspace    = errors.New("there is no such workspace")
	ErrUnknownMember       = errors.New("the user is not a member")
	ErrUnknownToken        = errors.New("there is no such token")
	ErrUnknownSubscription = errors.New("there is no such subscription")
	ErrUnknownUser         = errors.New("the organization's directory has no such user")
	ErrUnknownRole         = errors.New("there is no such role")
	ErrUnknownReview       = errors.New("there is no such review")

	ErrOrganizationExists   = errors.New("the organization exists already")
	ErrWorkspaceExists      = errors.New("the workspace exists already")
	ErrTokenExists          = errors.New("the token exists already")
	ErrTokenEnded           = errors.New("the token was revoked or has expired: issue another one")
	ErrSubscriptionExists   = errors.New("the subscription exists already")
	ErrTooManySubscriptions = errors.New("the organization has as many subscriptions as it can have: delete one that is not needed any more")
	ErrNotNext              = errors.New("only the next event that the subscription has to deliver can be skipped")
	ErrSecretRotated        = errors.New("the secret was rotated in the meantime: get the subscription and try again")
	ErrReviewExists         = errors.New("the review exists already")
	ErrReviewClosed         = errors.New("the review is closed: open another one")
	ErrRowRevoked           = errors.New("the access was revoked in this review: add the user to the workspace again if they need it")
	ErrRowsUndecided        = errors.New("decide these rows first, or leave them undecided and say why")
	ErrAccessInherited      = errors.New("the access comes from the user's role in the organization, and would stay: change that role first, or keep the access")
	ErrAlreadyMember        = errors.New("the user is already a member")
	ErrMemberEnding         = errors.New("the end of the user's former membership is still being recorded: try again in a moment")
	ErrRoleExists           = errors.New("the organization has, or had, a role with this key")
	ErrRoleBuiltIn          = errors.New("built-in roles cannot be changed")
	ErrNotActive            = errors.New("the membership is not active")
	ErrUserSuspended        = errors.New("the user is suspended in the organization and can get nothing in it: reinstate them first")
	ErrNotInvited           = errors.New("there is no invitation to accept or renew: it was accepted, taken back, or has expired")
	ErrEmailTaken           = errors.New("another user of the organization has this e-mail address")
	ErrUserBelongs          = errors.New("the user still has a role, a membership or an invitation in the organization: remove them from it before you erase them")
	ErrProfileInClear       = errors.New("an older version wrote the user's profile into the log unsealed, so no key can be destroyed to erase it: make a sealed copy of the log with muster audit seal first")
	ErrErasurePending       = errors.New("the user's former profile is being erased: try again in a moment")
	ErrWorkspaceArchived    = errors.New("the workspace is archived: restore it before changing it")
	ErrNotReversible        = errors.New("the event cannot be reverted")
	ErrChangedSince         = errors.New("what the event had changed has changed since, by another event: revert that one first, or make the change itself")
	ErrChangedMeanwhile     = errors.New("what the event had changed is just changing: try again")
	ErrLastOwner            = errors.New("there must be an active owner: make somebody else an owner first")

	ErrNotAllowed     = errors.New("the actor may not do this")
	ErrOwnAccess      = errors.New("nobody reviews their own access: another reviewer must decide")
	ErrReviewerNeeded = errors.New("only a person reviews access: use a token that is bound to a user, or act on behalf of one")
	ErrRoleAboveOwn   = errors.New("the role is above the actor's own")
	ErrScopeAboveOwn  = errors.New("the token would be allowed more than the actor is")

	ErrPrecondition = errors.New("the resource is not in the state that the request demands")
)

// InvalidError says that a field of a command has a wrong value, in most cases
// whatever the state.
type InvalidError struct {
	Pointer string // JSON pointer (RFC 6901) to the field, such as "/role"
	Code    string // for programs, such as "unknown_role"
	Detail  string // for people: what is expected
}

func (e *InvalidError) Error() string { return e.Pointer + ": " + e.Detail }
