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
	invalidRequest     = Kind{"invalid_request", http.StatusUnprocessableEntity, "Invalid fields or parameters"}
	malformedJSON      = Kind{"malformed_json", http.StatusBadRequest, "Malformed JSON body"}
	bodyRequired       = Kind{"body_required", http.StatusBadRequest, "Body required"}
	bodyUnreadable     = Kind{"body_unreadable", http.StatusBadRequest, "Body could not be read"}
	bodyTimeout        = Kind{"body_timeout", http.StatusRequestTimeout, "Body did not arrive in time"}
	bodyTooLarge       = Kind{"body_too_large", http.StatusRequestEntityTooLarge, "Body too large"}
	mediaType          = Kind{"unsupported_media_type", http.StatusUnsupportedMediaType, "Unsupported media type"}
	missingToken       = Kind{"missing_token", http.StatusUnauthorized, "Token required"}
	invalidToken       = Kind{"invalid_token", http.StatusUnauthorized, "Token not recognised"}
	invalidTicket      = Kind{"invalid_ticket", http.StatusUnauthorized, "Ticket not recognised"}
	rateLimited        = Kind{"rate_limited", http.StatusTooManyRequests, "Too many requests"}
	insufficientScope  = Kind{"insufficient_scope", http.StatusForbidden, "Insufficient scope"}
	notFound           = Kind{"not_found", http.StatusNotFound, "Not found"}
	memberEnding       = Kind{"member_ending", http.StatusConflict, "Former membership is still ending"}
	methodNotAllowed   = Kind{"method_not_allowed", http.StatusMethodNotAllowed, "Method not allowed"}
	internalError      = Kind{"internal_error", http.StatusInternalServerError, "Internal error"}
	notReady           = Kind{"not_ready", http.StatusServiceUnavailable, "Muster is not ready"}
	readModelBehind    = Kind{"read_model_behind", http.StatusServiceUnavailable, "Node has not caught up"}
	issuerUnavailable  = Kind{"issuer_unavailable", http.StatusServiceUnavailable, "Token issuer cannot be reached"}
	serviceUnavailable = Kind{"unavailable", http.StatusServiceUnavailable, "Log temporarily not writable"}
)

// Kinds of problems that the handlers of faces refer to by name.
var (
	UnknownInvitation = Kind{"unknown_invitation", http.StatusNotFound, "Invitation not recognised"}
	NotNext           = Kind{"not_next", http.StatusConflict, "Not the next undelivered event"}
	SecretLost        = Kind{"secret_lost", http.StatusConflict, "The secret to sign with is lost"}
	NATSNotOffered    = Kind{"nats_not_offered", http.StatusConflict, "Subscribers cannot come in to NATS"}
	AnotherInvitee    = Kind{"invitation_for_another_user", http.StatusConflict, "Invitation is for another user"}
)

// clientGone is for the log and the metrics only, because the client does not see it any
// more. Proxies use the same status.
var clientGone = Kind{"client_gone", 499, "Client closed the connection"}
