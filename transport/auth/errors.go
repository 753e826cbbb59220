package auth

import (
	"errors"
	"strconv"
	"time"
)

// The errors with which this package refuses a request.
var (
	// ErrMissingToken means that there is no Authorization header.
	ErrMissingToken = errors.New("send Authorization: Bearer TOKEN")
	// ErrOtherScheme means that the Authorization header is not of the form
	// "Bearer TOKEN".
	ErrOtherScheme = errors.New("Authorization: Bearer TOKEN is expected") //nolint:staticcheck // the name of a header
	// ErrInvalidToken means that the token was never issued, has expired or was revoked.
	// An [InvalidJWTError] is an ErrInvalidToken, too.
	ErrInvalidToken = errors.New("token not recognised: it is unknown, expired or revoked")
	// ErrInvalidTicket means that the ticket was never issued for the organization, has ended
	// or was used.
	ErrInvalidTicket = errors.New("ticket not recognised: it was used already, is older than a minute or is unknown; get another one for each connection")
	// ErrIssuerUnavailable means that a JWT could not be checked, because its issuer's
	// keys are not known and could not be fetched. It is wrapped with the cause, which is
	// for the log and not for the client. The keys are fetched again after [FetchPause].
	ErrIssuerUnavailable = errors.New("the token cannot be checked, because its issuer's keys cannot be fetched; try again")
	// ErrRateLimited means that the bearer sends requests too often. It comes as a
	// [RateLimitedError].
	ErrRateLimited = errors.New("the token sends requests too often")
)

// InvalidJWTError refuses a JWT and says why. The client may know the reason, because a
// stranger who makes up JWTs learns nothing useful from it.
type InvalidJWTError struct {
	Reason string
}

// Error returns the reason in a sentence.
func (e *InvalidJWTError) Error() string { return "JWT not accepted: " + e.Reason }

// Unwrap returns [ErrInvalidToken].
func (e *InvalidJWTError) Unwrap() error { return ErrInvalidToken }

// RateLimitedError refuses a request that came too early.
type RateLimitedError struct {
	// Limit is the number of requests that the bearer may send each second.
	Limit int
	// Wait is after how long the next request is admitted, in whole seconds.
	Wait time.Duration
}

// Error returns the limit in a sentence.
func (e *RateLimitedError) Error() string {
	return "the token may make " + strconv.Itoa(e.Limit) + " requests a second"
}

// Unwrap returns [ErrRateLimited].
func (e *RateLimitedError) Unwrap() error { return ErrRateLimited }

func badJWT(reason string) error { return &InvalidJWTError{reason} }
