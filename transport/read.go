package transport

import (
	"context"
	"strings"
	"time"

	"github.com/muster-dev/muster/events/wire"
)

// readPatience is how long a query waits for Muster-Min-Position.
const readPatience = 2 * time.Second

// ReadHeaders are the headers that every query takes.
type ReadHeaders struct {
	MinPosition string `header:"Muster-Min-Position" bounds:"position" maxLength:"26" doc:"Wait, for two seconds at most, until this node has applied the position: the Muster-Position of an earlier write. Otherwise 503 read_model_behind." example:"3-1042"`
}

// prepare waits until the read models show the position that the client has already seen.
func (h *ReadHeaders) prepare(c *Call) error {
	if h.MinPosition == "" {
		return nil
	}
	position, err := wire.ParsePosition(h.MinPosition)
	if err != nil || position.Partition >= c.Log().Partitions() {
		return Invalid(FieldProblem{"header.Muster-Min-Position", CodeInvalidValue, "a Muster-Position of an earlier answer is expected, like 3-1042"})
	}
	if c.Models().Applied(position.Partition) >= position.Number {
		return nil
	}
	return c.Patiently(readPatience, "this node has not applied the position yet; ask again, or another node", func(ctx context.Context) error {
		return c.Models().WaitFor(ctx, position)
	})
}

// Patiently runs a wait for something that this node will soon show, with a context that
// ends after the duration. If the wait fails it returns the problem read_model_behind with
// the detail.
func (c *Call) Patiently(most time.Duration, detail string, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(c, most)
	defer cancel()
	if err := wait(ctx); err != nil {
		p := readModelBehind.Problem(detail).retryable()
		p.cause = err
		return p
	}
	return nil
}

// ETagHeaders are the headers that queries for a single resource take.
type ETagHeaders struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"1000" pattern:"^[ -~]*$" doc:"ETags that the client has; 304 when the resource still has one of them." example:"\"1042\""`
}

// matches reports whether the client already has the version. Queries use the weak
// comparison (RFC 9110, 13.1.2).
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
