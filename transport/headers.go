package transport

import (
	"crypto/sha256"
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/transport/ids"
)

// ReadHeaders are what every query takes.
type ReadHeaders struct {
	MinPosition string `header:"Muster-Min-Position" maxLength:"26" doc:"Wait, for two seconds at most, until this node has applied the position: the Muster-Position of an earlier write. Otherwise 503 read_model_behind." example:"3-1042"`
}

// prepare waits for the position that the client has seen already.
func (h *ReadHeaders) prepare(c *call) error {
	if h.MinPosition == "" {
		return nil
	}
	position, err := events.ParsePosition(h.MinPosition)
	if err != nil || position.Partition >= c.api.log.Partitions() {
		return invalid(FieldProblem{"header.Muster-Min-Position", codeInvalidValue, "a Muster-Position of an earlier answer is expected, like 3-1042"})
	}
	return c.api.waitFor(c, position)
}

// ETagHeaders are what queries for a single resource take.
type ETagHeaders struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"1000" pattern:"^[ -~]*$" doc:"ETags that the client has; 304 when the resource still has one of them." example:"\"1042\""`
}

// matches reports whether the client has the version already. Queries compare
// weakly (RFC 9110, 13.1.2).
func (h ETagHeaders) matches(version uint64) bool {
	if h.IfNoneMatch == "" {
		return false
	}
	for tag := range strings.SplitSeq(h.IfNoneMatch, ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == "*" || tag == etag(version) {
			return true
		}
	}
	return false
}

// WriteHeaders are what every command takes.
type WriteHeaders struct {
	IdempotencyKey string        `header:"Idempotency-Key" maxLength:"255" doc:"The same key with the same request gets the first answer again, with Idempotency-Replayed: true; with another request it is refused, as idempotency_mismatch. Keys belong to the token, or to the user and organization of a JWT, and are kept as long as the log." example:"7f9c2ba4-e88f-427d"`
	IfMatch        string        `header:"If-Match" maxLength:"1000" doc:"ETags, or *: only when the resource has one of these versions, or exists. Otherwise 412." example:"\"1042\""`
	IfNoneMatch    string        `header:"If-None-Match" maxLength:"1000" doc:"*: only when the resource does not exist. Otherwise 412." example:"*"`
	Reason         string        `header:"Muster-Reason" doc:"Why; kept in the events. At most 500 characters." example:"Joined the team, ticket 4711"`
	OnBehalfOf     domain.UserID `header:"Muster-On-Behalf-Of" format:"uuid" doc:"The user for whom this is done: the rules then go by that user's role, and the events name both. Needs the scope actors:impersonate."`
	ValidateOnly   bool          `query:"validate_only" doc:"Decide on the real state and answer what would be, but write nothing."`

	precondition domain.Precondition
}

// prepare checks the headers, before anything else is looked at.
func (h *WriteHeaders) prepare(c *call) error {
	var err error
	if h.precondition, err = parsePrecondition(h.IfMatch, h.IfNoneMatch); err != nil {
		return err
	}
	switch {
	case !utf8.ValidString(h.Reason) || strings.ContainsFunc(h.Reason, unicode.IsControl):
		return invalid(FieldProblem{"header.Muster-Reason", codeInvalidText, "one line of printable UTF-8 is expected"})
	case utf8.RuneCountInString(h.Reason) > domain.MaxReason:
		return invalid(FieldProblem{"header.Muster-Reason", codeTooLong, "at most 500 characters are expected"})
	case h.OnBehalfOf.IsZero() && len(c.r.Header["Muster-On-Behalf-Of"]) > 0: // who names nobody does not get a program's rights by it
		return invalid(FieldProblem{"header.Muster-On-Behalf-Of", codeInvalidID, "the id of a user is expected; the nil UUID is nobody's"})
	case !h.OnBehalfOf.IsZero() && !c.who.Allows("actors:impersonate"):
		return insufficientScope.problem("Muster-On-Behalf-Of needs the scope actors:impersonate")
	}
	return nil
}

// meta is what the command carries of the request. The hash is the body's, zero
// for none.
func (h *WriteHeaders) meta(c *call, org domain.OrganizationID, body domain.Hash) domain.Meta {
	m := domain.Meta{
		Organization: org, Actor: c.who.Actor, OnBehalfOf: h.OnBehalfOf,
		Reason: h.Reason, If: h.precondition,
	}
	if h.IdempotencyKey == "" {
		m.ID = domain.CommandID(c.api.newID())
		return m
	}
	m.ID = h.keyedID(c)
	m.Request = h.request(c, body)
	return m
}

// keyedID is the id of the command that the idempotency key stands for.
func (h *WriteHeaders) keyedID(c *call) domain.CommandID {
	return ids.Derived("command", c.who.Identity.String(), h.IdempotencyKey)
}

// request is the hash of all that decides what a request asks for.
func (h *WriteHeaders) request(c *call, body domain.Hash) domain.Hash {
	sum := sha256.New()
	for _, text := range []string{c.r.Method, c.r.URL.EscapedPath(), h.IfMatch, h.IfNoneMatch, h.Reason, h.OnBehalfOf.String()} {
		ids.WriteText(sum, text)
	}
	sum.Write(body[:])
	return domain.Hash(sum.Sum(nil))
}

// parsePrecondition reads the two headers (RFC 9110, 13.1).
func parsePrecondition(ifMatch, ifNoneMatch string) (domain.Precondition, error) {
	var p domain.Precondition
	switch strings.TrimSpace(ifNoneMatch) {
	case "":
	case "*":
		p.Absent = true
	default:
		return p, invalid(FieldProblem{"header.If-None-Match", codeInvalidValue, "a write takes * and nothing else"})
	}
	switch strings.TrimSpace(ifMatch) {
	case "":
		return p, nil
	case "*":
		p.Exists = true
		return p, nil
	}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		version, ok := parseETag(strings.TrimSpace(tag))
		if !ok {
			return p, invalid(FieldProblem{"header.If-Match", codeInvalidValue, `ETags in double quotes with commas between them, or *, are expected`})
		}
		p.Versions = append(p.Versions, version)
	}
	return p, nil
}

// neverAVersion stands for ETags that no resource of ours has, weak ones among
// them: If-Match compares strongly.
const neverAVersion = math.MaxUint64

func parseETag(tag string) (version uint64, ok bool) {
	weak := strings.HasPrefix(tag, "W/")
	text := strings.TrimPrefix(tag, "W/")
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' || strings.Contains(text[1:len(text)-1], `"`) {
		return 0, false
	}
	version, err := strconv.ParseUint(text[1:len(text)-1], 10, 64)
	if weak || err != nil {
		return neverAVersion, true
	}
	return version, true
}

func etag(version uint64) string {
	return string(append(strconv.AppendUint(append(make([]byte, 0, 22), '"'), version, 10), '"'))
}

// Resource is the answer to a query for one resource.
type Resource[T any] struct {
	Status int
	ETag   string `header:"ETag" doc:"The resource's version, for If-Match." example:"\"1042\""`
	Body   *T
}

// found answers a resource, or 304 when the client has it already.
func found[T any](h ETagHeaders, version uint64, body *T) (*Resource[T], error) {
	out := &Resource[T]{Status: http.StatusOK, ETag: etag(version), Body: body}
	if h.matches(version) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// Written is the answer to a command on one resource.
type Written[T any] struct {
	Status   int
	ETag     string `header:"ETag" doc:"The resource's version, for If-Match." example:"\"1043\""`
	Position string `header:"Muster-Position" doc:"The position of the command's last event, for Muster-Min-Position." example:"3-1043"`
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the answer to an earlier request with the same Idempotency-Key." example:"true"`
	Body     *T
}

// Committed is the answer to a command on several resources.
type Committed[T any] struct {
	Position string `header:"Muster-Position" doc:"The position of the command's last event, for Muster-Min-Position." example:"3-1043"`
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the answer to an earlier request with the same Idempotency-Key." example:"true"`
	Body     *T
}

// Gone is the answer to a command that ends a resource.
type Gone struct {
	Position string `header:"Muster-Position" doc:"The position of the command's last event, for Muster-Min-Position." example:"3-1043"`
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the answer to an earlier request with the same Idempotency-Key." example:"true"`
}
