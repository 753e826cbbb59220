package transport

import (
	"net/http"
)

// Kind is one kind of problem: its code, with the status and the title that go with it.
type Kind struct {
	Code   string
	Status int
	Title  string
}

// Kinds of problems that do not come from a sentinel of another package, or that this
// package refers to by name.
var (
	invalidRequest     = Kind{"invalid_request", http.StatusUnprocessableEntity, "Fields or parameters are wrong"}
	malformedJSON      = Kind{"malformed_json", http.StatusBadRequest, "The body is not one JSON value"}
	bodyRequired       = Kind{"body_required", http.StatusBadRequest, "A body is needed"}
	bodyUnreadable     = Kind{"body_unreadable", http.StatusBadRequest, "The body could not be read"}
	bodyTimeout        = Kind{"body_timeout", http.StatusRequestTimeout, "The body did not arrive in time"}
	bodyTooLarge       = Kind{"body_too_large", http.StatusRequestEntityTooLarge, "The body is too large"}
	mediaType          = Kind{"unsupported_media_type", http.StatusUnsupportedMediaType, "The body is of a type that is not read here"}
	missingToken       = Kind{"missing_token", http.StatusUnauthorized, "A token is needed"}
	invalidToken       = Kind{"invalid_token", http.StatusUnauthorized, "The token opens nothing"}
	rateLimited        = Kind{"rate_limited", http.StatusTooManyRequests, "The token asks too often"}
	insufficientScope  = Kind{"insufficient_scope", http.StatusForbidden, "The token may not do this"}
	notFound           = Kind{"not_found", http.StatusNotFound, "There is no such thing"}
	methodNotAllowed   = Kind{"method_not_allowed", http.StatusMethodNotAllowed, "The path does not take this method"}
	internalError      = Kind{"internal_error", http.StatusInternalServerError, "Muster failed"}
	notReady           = Kind{"not_ready", http.StatusServiceUnavailable, "Muster is not ready"}
	readModelBehind    = Kind{"read_model_behind", http.StatusServiceUnavailable, "This node has not caught up"}
	issuerUnavailable  = Kind{"issuer_unavailable", http.StatusServiceUnavailable, "The issuer of the token cannot be reached"}
	serviceUnavailable = Kind{"unavailable", http.StatusServiceUnavailable, "The log cannot be written now"}
)

// Kinds of problems that the handlers of faces refer to by name.
var (
	UnknownInvitation = Kind{"unknown_invitation", http.StatusNotFound, "There is no invitation to accept with this"}
	AnotherInvitee    = Kind{"invitation_for_another_user", http.StatusConflict, "The invitation is for another user"}
)

// clientGone is for the log and the metrics only, because the client does not see it any
// more. Proxies use the same status.
var clientGone = Kind{"client_gone", 499, "The client is gone"}
