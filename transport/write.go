package transport

import (
	"crypto/sha256"
	"maps"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/ids"
)

// Write is what a request says about its command besides the command itself. It is the
// same for all faces. The zero value says nothing.
type Write struct {
	// Key is the idempotency key. It is empty if there is none.
	Key string
	// If is the precondition of the command.
	If domain.Precondition
	// Reason is kept in the events.
	Reason string
	// OnBehalfOf is the user for whom the command is done. It is zero if the actor does
	// it for nobody else.
	OnBehalfOf domain.UserID
	// ValidateOnly says that the command is decided but nothing is written.
	ValidateOnly bool
	// Request is the hash of everything that decides what the request asks for. When the
	// same key comes again, the hash must be the same. It is zero without a key.
	Request domain.Hash
}

// WriteHeaders are the headers and the query parameter that every command takes. The
// input of a [Command] embeds them.
type WriteHeaders struct {
	IdempotencyKey string        `header:"Idempotency-Key" bounds:"idempotency_key" maxLength:"255" doc:"The same key with the same request gets the first answer again, with Idempotency-Replayed: true; with another request it is refused, as idempotency_mismatch. Keys belong to the token, or to the user and organization of a JWT, and are kept as long as the log." example:"7f9c2ba4-e88f-427d"`
	IfMatch        string        `header:"If-Match" bounds:"etags" maxLength:"1000" doc:"ETags, or *: only when the resource has one of these versions, or exists. Otherwise 412." example:"\"1042\""`
	IfNoneMatch    string        `header:"If-None-Match" bounds:"absent" maxLength:"1000" doc:"*: only when the resource does not exist. Otherwise 412." example:"*"`
	Reason         string        `header:"Muster-Reason" bounds:"reason" doc:"Why; kept in the events. At most 500 characters." example:"Joined the team, ticket 4711"`
	OnBehalfOf     domain.UserID `header:"Muster-On-Behalf-Of" format:"uuid" doc:"The user on whose behalf this is done. That user's role then decides, and the events name both. Needs the scope actors:impersonate."`
	ValidateOnly   bool          `query:"validate_only" doc:"Decide on the current state and return what the write would return, but write nothing. People that the token could not read are treated as unknown."`

	write Write
}

// Write returns what the headers say about the command.
func (h *WriteHeaders) Write() *Write { return &h.write }

// prepare checks the headers. The parameter body is the hash of the request's body, and
// zero if there is none.
func (h *WriteHeaders) prepare(c *Call, body domain.Hash) error {
	condition, err := parsePrecondition(h.IfMatch, h.IfNoneMatch)
	if err != nil {
		return err
	}
	if h.Reason != "" {
		if err := domain.CheckReason("header.Muster-Reason", h.Reason); err != nil {
			return err
		}
	}
	switch {
	case strings.ContainsFunc(h.IdempotencyKey, func(r rune) bool { return r < ' ' || r > '~' }):
		return Invalid(FieldProblem{"header.Idempotency-Key", CodeInvalidText, "printable ASCII characters are expected"})
	case !h.OnBehalfOf.IsZero() && !c.bearer.Allows(domain.ScopeImpersonate):
		return insufficientScope.Problem("Muster-On-Behalf-Of needs the scope actors:impersonate")
	}
	h.write = Write{
		Key: h.IdempotencyKey, If: condition, Reason: h.Reason, OnBehalfOf: h.OnBehalfOf, ValidateOnly: h.ValidateOnly,
	}
	if h.write.Key != "" {
		h.write.Request = h.request(c, body)
	}
	return nil
}

// request returns the hash of everything that decides what the request asks for.
func (h *WriteHeaders) request(c *Call, body domain.Hash) domain.Hash {
	sum := sha256.New()
	for _, text := range []string{c.r.Method, c.r.URL.EscapedPath(), h.IfMatch, h.IfNoneMatch, h.Reason, h.OnBehalfOf.String()} {
		ids.WriteText(sum, text)
	}
	sum.Write(body[:])
	query := maps.Clone(c.query)
	delete(query, "validate_only") // decides whether the request is done, and not what it asks for
	if len(query) > 0 {
		ids.WriteText(sum, query.Encode())
	}
	return domain.Hash(sum.Sum(nil))
}
