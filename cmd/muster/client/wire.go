package client

import (
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/native"
	"github.com/muster-dev/muster/transport/openapi"
)

// MaxBody is the length of the longest body that the service takes, in bytes.
const MaxBody = openapi.MaxBody

// The types in which the API writes its bodies.
type (
	// Token is a token without its secret.
	Token = native.Token
	// IssuedToken is a token with its secret.
	IssuedToken = native.IssuedToken
	// Membership is a member of a workspace.
	Membership = native.Membership
	// PersonName is a person's name.
	PersonName = native.PersonName
	// BatchResult is what became of a batch of operations on members.
	BatchResult = native.BatchResult
	// OperationResult is what became of one of these operations.
	OperationResult = native.OperationResult
	// FieldProblem is what is wrong with one field of a request.
	FieldProblem = transport.FieldProblem
	// Refusal is why one operation of a batch was refused.
	Refusal = transport.Refusal
	// Time is a moment; the zero Time is null.
	Time = transport.Time
)

// Page is one page of a list.
type Page[T any] = native.List[T]

// Problem is a refusal of the service (RFC 9457) as an error.
type Problem struct {
	transport.Problem

	again *time.Duration // after which another try makes sense; nil if the service does not say
}

// ShowMembership returns a membership as the API shows it. The profile is nil for
// somebody who is not in the directory.
func ShowMembership(m *domain.Membership, role *domain.Role, p *domain.Profile) Membership {
	return native.ShowMembership(m, role, p)
}
