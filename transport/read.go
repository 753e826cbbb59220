package transport

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
)

// readPatience is how long a query waits for the read models: for what this node has
// acknowledged, and for Muster-Min-Position.
const readPatience = 2 * time.Second

// askPatience is how long a query waits for the read models before it asks the log whether
// the position exists, and how long one whose token is not recognised waits.
const askPatience = 50 * time.Millisecond

const notApplied = "this node has not applied the position yet; ask again, or another node"

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
	// The tables that have the position can say that the token has ended, although those by
	// which the request was admitted did not.
	c.held = true
	if err := c.CheckPosition(pointer, position); err != nil {
		return err
	}
	return c.awaitApplied(position)
}

// awaitApplied waits until the read models show the position, which must be in the log.
func (c *Call) awaitApplied(at wire.Position) error {
	if c.Models().Applied(at.Partition) >= at.Number {
		return nil
	}
	return c.Patiently(readPatience, notApplied, func(ctx context.Context) error {
		return c.Models().WaitFor(ctx, at)
	})
}

// feedPatience is how long a request waits for a feed that is being made again.
const feedPatience = 10 * time.Second

// AwaitVisible waits until the events of the partition can be read up to the position that
// the read models have applied. Otherwise a client could see what a command did before it can
// read the command's events. The wait is short, unless the feed is being made again.
func (c *Call) AwaitVisible(partition int) error {
	applied := c.Models().Applied(partition)
	if c.Log().Visible(partition).Number >= applied {
		return nil
	}
	return c.Patiently(feedPatience, "this node cannot show its newest events yet; ask again", func(ctx context.Context) error {
		return c.Log().WaitFor(ctx, wire.Position{Partition: partition, Number: applied})
	})
}

// recogniseLater tries a token of a query again that is not recognised, once the read models
// show the query's Muster-Min-Position: the token may have been issued before that position, by
// another node. It returns the error for a query without the header. Nobody knows yet who asks,
// so it waits only for a token that has a valid checksum, and not for long.
func (c *Call) recogniseLater(unknown error) (*auth.Bearer, error) {
	_, token, _ := strings.Cut(c.route.face.authorization(c.r.Header.Get("Authorization")), " ")
	position, err := wire.ParsePosition(c.r.Header.Get("Muster-Min-Position"))
	if err != nil || position.Partition >= c.Log().Partitions() || !auth.IsToken(token) {
		return nil, unknown
	}
	if err := c.Patiently(askPatience, notApplied, func(ctx context.Context) error {
		return c.Models().WaitFor(ctx, position)
	}); err != nil {
		return nil, err
	}
	return c.authenticate()
}

// AwaitShown waits until the read models show everything that this node has acknowledged in the
// organization, or shown in its feed. Queries need not call it. It is for commands that look
// before they decide.
func (c *Call) AwaitShown(org domain.OrganizationID) error {
	return c.awaitShown(events.AllEvents, org)
}

// awaitShown waits until the read models show the events of the sort that this node has
// acknowledged in the organization, or in all if it is zero. So a client that talks to one
// node never reads less than it was told. Later events are not waited for.
func (c *Call) awaitShown(s events.Sort, org domain.OrganizationID) error {
	if c.Log().Shown(s, org) {
		return nil
	}
	ctx, cancel := context.WithTimeout(c, readPatience)
	defer cancel()
	return c.Log().AwaitShown(ctx, s, org)
}

// Find looks for something that a command names in the read models. If it is not there yet,
// Find waits until they show what this node has acknowledged, and looks again. What is found
// may have changed since, so callers must only use what never changes. A query has waited
// before, and only looks.
func Find[T any](c *Call, look func() (T, error)) (T, error) {
	var org domain.OrganizationID
	if c.bearer != nil {
		org = c.bearer.Organization
	}
	shown := c.route.reads || c.Log().Shown(events.AllEvents, org)
	found, err := look()
	if shown || !errors.Is(err, projections.ErrNotFound) {
		return found, err
	}
	if err := c.awaitShown(events.AllEvents, org); err != nil {
		return found, err
	}
	return look()
}

// CheckPosition refuses a position that the client sent under the pointer if the log does
// not reach it. Then the log is not the one that the client knows: it may have been restored
// from a backup.
func (c *Call) CheckPosition(pointer string, at wire.Position) error {
	beyond, err := c.beyondLog(at)
	if err == nil && beyond {
		return InvalidField(pointer, CodeUnknownPosition, "the log ends before this position; if it was restored from a backup, read everything again from earliest")
	}
	return err
}

// beyondLog reports whether the log ends before the position. What another node has
// acknowledged is in the log, even if this node has not read it yet. A node is usually only a
// few milliseconds behind, so beyondLog first waits for the read models, and asks the log only
// if they do not reach the position soon.
func (c *Call) beyondLog(at wire.Position) (bool, error) {
	if c.Models().Applied(at.Partition) >= at.Number {
		return false, nil
	}
	c.held = true
	ctx, cancel := context.WithTimeout(c, askPatience)
	defer cancel()
	if c.Models().WaitFor(ctx, at) == nil {
		return false, nil
	}
	tip, err := c.engine.tip(at)
	if err != nil {
		p := readModelBehind.Problem("this node has not applied the position, and cannot ask the log for it now; ask again, or another node").retryable()
		p.cause = err
		return false, p
	}
	return at.Number > tip, nil
}

// tip returns the number of the last event in the position's partition. Callers at the same
// time share one request to the log. Such a request may be older than the position, so a
// shared number that does not reach the position is not trusted.
func (e *engine) tip(at wire.Position) (uint64, error) {
	ask := func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), readPatience)
		defer cancel()
		tip, err := e.log.Tip(ctx, at.Partition)
		return tip.Number, err
	}
	tip, err, shared := e.asked.Do(strconv.Itoa(at.Partition), ask)
	if err == nil && shared && at.Number > tip.(uint64) {
		tip, err = ask()
	}
	return tip.(uint64), err
}

// ETagHeaders are the headers that queries for a single resource take.
type ETagHeaders struct {
	IfNoneMatch string `header:"If-None-Match" bounds:"etags" maxLength:"1000" doc:"ETags that the client has; 304 when the resource still has one of them." example:"\"1042\""`
}

// checkETags refuses what is not a list of ETags.
func (h *ETagHeaders) checkETags() error {
	if h.IfNoneMatch == "" {
		return nil
	}
	_, err := parseETags("header.If-None-Match", h.IfNoneMatch)
	return err
}

// dropETags forgets the ETags that the client has.
func (h *ETagHeaders) dropETags() { h.IfNoneMatch = "" }

// matches reports whether the client already has the version. Queries use the weak
// comparison (RFC 9110, 13.1.2).
func (h ETagHeaders) matches(version uint64) bool {
	if h.IfNoneMatch == "" {
		return false
	}
	tags, _ := parseETags("", h.IfNoneMatch)
	return h.IfNoneMatch == "*" || slices.ContainsFunc(tags, func(tag string) bool { return strings.TrimPrefix(tag, "W/") == etag(version) })
}
