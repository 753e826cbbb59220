package transport

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// What an operation can require of a token instead of a scope.
const (
	AnyScope  domain.Scope = "any"  // any token
	RootScope domain.Scope = "root" // the root token
)

// Operation declares one operation of a [Face]: its name, what it requires of a token,
// and what it does. Nothing of this is inferred. [New] fails if an operation declares no
// reach, or if it takes a token and declares no scope.
type Operation struct {
	// ID names the operation in the document and in the examples.
	ID string
	// Method is the HTTP method. It is empty for a [Query], which is a GET.
	Method string
	// Path is a pattern. The input struct declares its variables.
	Path string
	// Reach says what the operation concerns, and so which tokens may use it.
	Reach Reach
	// Scope is what the token must have: a scope, [AnyScope] or [RootScope]. It is empty
	// for [ReachPublic].
	Scope domain.Scope
	// Ticket says that a request can carry a ticket for the organization in its path instead
	// of a token, in the query parameter ticket, if it prefers an event stream. The input
	// declares the parameter.
	Ticket bool
	// Tag, Summary and Description are shown in the document.
	Tag, Summary, Description string
	// Status is the status of an answer with a body. Zero means 200.
	Status int
	// MayCreate says that the operation can also answer with status 201.
	MayCreate bool
	// Errors are the statuses of further problems that the operation can have. Those that
	// every operation of its kind can have, and those that follow from its path and body,
	// need not be listed.
	Errors []int
	// Document adds to the operation's description in the document. It is usually nil.
	Document func(op *huma.Operation, r huma.Registry)
	// Do is what the operation does.
	Do Handler
}

// Handler is what an operation does. [Query], [Ask] and [Command] make one from a
// function that takes the request and its decoded input.
type Handler struct {
	method   string // empty: the operation declares it
	reads    bool   // changes nothing, even if the method is POST
	errors   []int  // statuses of the problems that every operation of the kind can have
	register func(*face, *Operation) error
}

// Query returns the handler of a GET, which changes nothing. I and O are input and output
// structs as huma defines them. The input may embed [ReadHeaders].
func Query[I, O any](handle func(*Call, *I) (*O, error)) Handler {
	return Handler{http.MethodGet, true, []int{http.StatusServiceUnavailable}, registration(handle)}
}

// Ask returns the handler of a query that is too large for a URL: a POST that changes
// nothing.
func Ask[I, O any](handle func(*Call, *I) (*O, error)) Handler {
	return Handler{"", true, []int{http.StatusServiceUnavailable}, registration(handle)}
}

// Command returns the handler of an operation that writes. The input embeds
// [WriteHeaders], and also [JSONBody] if the operation takes a body.
func Command[I, O any](handle func(*Call, *I) (*O, error)) Handler {
	return Handler{
		"", false, []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusServiceUnavailable}, registration(handle),
	}
}

// check returns an error if the operation does not declare everything that it must.
func (op *Operation) check() error {
	switch {
	case op.Do.register == nil:
		return errors.New("it does nothing: Query, Ask or Command is expected")
	case op.Reach < ReachPublic || op.Reach > ReachBoundWorkspace:
		return errors.New("it declares no reach")
	case (op.Reach == ReachPublic) != (op.Scope == ""):
		return errors.New("every operation declares a scope, except those that take no token")
	case op.Scope != "" && op.Scope != AnyScope && op.Scope != RootScope && !op.Scope.Valid():
		return fmt.Errorf("there is no scope %s", op.Scope)
	case (op.Method == "") == (op.Do.method == ""):
		return errors.New("a query has no method of its own, and every other operation has one")
	}
	return nil
}
