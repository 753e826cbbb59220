package transport

import (
	"context"
	"slices"
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
	const pointer = "header.Muster-Min-Position"
	position, err := wire.ParsePosition(h.MinPosition)
	if err != nil || position.Partition >= c.Log().Partitions() {
		return InvalidField(pointer, CodeInvalidValue, "a Muster-Position of an earlier answer is expected, like 3-1042")
	}
	if err := c.CheckPosition(pointer, position); err != nil || c.Models().Applied(position.Partition) >= position.Number {
		return err
	}
	return c.Patiently(readPatience, "this node has not applied the position yet; ask again, or another node", func(ctx context.Context) error {
		return c.Models().WaitFor(ctx, position)
	})
}

// CheckPosition refuses a position that the client sent under the pointer if the log does
// not reach it. Then the log is not the one that the client knows: it may have been restored
// from a backup. What another node has acknowledged is in the log, even if this node has not
// read it yet.
func (c *Call) CheckPosition(pointer string, at wire.Position) error {
	if c.Models().Applied(at.Partition) >= at.Number {
		return nil
	}
	ctx, cancel := context.WithTimeout(c, readPatience)
	defer cancel()
	tip, err := c.Log().Tip(ctx, at.Partition)
	if err != nil {
		p := readModelBehind.Problem("this node has not applied the position, and cannot ask the log for it now; ask again, or another node").retryable()
		p.cause = err
		return p
	}
	if at.Number > tip.Number {
		return InvalidField(pointer, CodeUnknownPosition, "the log ends before this position; if it was restored from a backup, read everything again from earliest")
	}
	return nil
}

// ETagHeaders are the headers that queries for a single resource take.
type ETagHeaders struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"1000" pattern:"^([*]|(W/)?\"[!#-~]*\"( *, *(W/)?\"[!#-~]*\")*)$" doc:"ETags that the client has; 304 when the resource still has one of them." example:"\"1042\""`
}

// matches reports whether the client already has the version. Queries use the weak
// comparison (RFC 9110, 13.1.2).
func (h ETagHeaders) matches(version uint64) bool {
	if h.IfNoneMatch == "" {
		return false
	}
	tags, _ := parseETags(h.IfNoneMatch)
	return h.IfNoneMatch == "*" || slices.ContainsFunc(tags, func(tag string) bool { return strings.TrimPrefix(tag, "W/") == etag(version) })
}
