package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/openapi"
)

// AsOf is embedded by the input of a query that can be read as of an earlier moment. That
// declares the parameter and the response header Muster-As-Of. The handler gets its rows from
// [Call.Queries], with the time of [Call.At], and lists give out the cursors of
// [Call.Continued]. The caller's rights are always those of now.
type AsOf struct {
	Moment string `query:"as_of" bounds:"as_of" maxLength:"100" doc:"Show everything as it was at this moment: a position of the organization like 3-1042, a time (RFC 3339), or a day, which is its beginning in UTC. The default is now. The rights of the token are those of now." example:"3-1042"`
}

const asOfPointer = "query.as_of"

// asOf returns the value of the parameter.
func (q *AsOf) asOf() string { return q.Moment }

// hasCursor is an input with a cursor.
type hasCursor interface{ CursorField() *string }

// past is an earlier moment that a query is read as of. The moment is a position, a time, or both:
// then the position says what is read, and the time what has ended by the clock.
type past struct {
	pointer    string        // to where the client has sent it
	position   wire.Position // what is read; only if placed
	placed     bool          // a position was given, which may be the one before the first event
	time       time.Time     // by which what ends by the clock has ended; zero for a position that is not resolved
	byTime     bool          // a time was given
	fromCursor bool          // the client sent the moment in a cursor
	read       []readAt      // what was read so far
}

// readAt is the past of one partition.
type readAt struct {
	position wire.Position
	queries  *projections.Queries
}

// documentAsOf adds the response header to an operation that can be read as of a moment.
func documentAsOf(op *huma.Operation) {
	response := op.Responses[strconv.Itoa(max(op.DefaultStatus, 200))]
	if response.Headers == nil {
		response.Headers = make(map[string]*huma.Param)
	}
	response.Headers["Muster-As-Of"] = &huma.Param{
		Description: "With as_of: the position that was read, the last one at or before the moment. Positions of several partitions have commas between them.",
		Schema:      openapi.Text("positions"), Example: "3-1042",
	}
}

// readAsOf finds out what moment the request asks for, by its parameter or by its cursor. It
// takes the moment out of the cursor.
func (c *Call) readAsOf(text string, in any) error {
	var given *past
	if text != "" {
		var err error
		if given, err = c.parseAsOf(asOfPointer, text); err != nil {
			return err
		}
	}
	cursor := new(string)
	if list, ok := in.(hasCursor); ok {
		cursor = list.CursorField()
	}
	from, rest := cutMoment(*cursor)
	switch {
	case from == nil && given != nil && *cursor != "":
		return fmt.Errorf("%w: it was made without as_of", projections.ErrBadCursor)
	case from != nil && given != nil && !from.is(given):
		return fmt.Errorf("%w: it was made with another as_of", projections.ErrBadCursor)
	case from != nil && !c.awaitTime(from.time):
		return fmt.Errorf("%w: no list has given it out", projections.ErrBadCursor)
	case from != nil:
		c.past, *cursor = from, rest
	default:
		c.past = given
	}
	if c.past != nil {
		c.unconditional(in)
	}
	return nil
}

// etagName is the header ETag as the key of [http.Header].
var etagName = http.CanonicalHeaderKey("ETag")

// unconditional makes a query for the past return a body whatever ETags the client has. An ETag says
// what a resource is now. What it was can be shown differently later, because a person may
// have been erased, so responses about the past have no ETag and are never 304.
func (c *Call) unconditional(in any) {
	if tagged, ok := in.(interface{ dropETags() }); ok {
		tagged.dropETags()
	}
}

// parseAsOf reads a position, a time, or both as [MomentText] writes them.
func (c *Call) parseAsOf(pointer, text string) (*past, error) {
	p := &past{pointer: pointer}
	var err error
	if p.position, err = wire.ParsePosition(text); err == nil {
		p.placed = true
		return p, nil
	}
	at, clock, both := strings.Cut(text, "@")
	if !both {
		clock = text
	} else if p.position, err = wire.ParsePosition(at); err != nil {
		clock = ""
	}
	// A plus sign that was not escaped arrives as a space.
	then, err := ParseTime(strings.ReplaceAll(clock, " ", "+"))
	if err != nil {
		return nil, InvalidField(pointer, CodeInvalidValue, "a position like 3-1042, a time like 2026-03-05T23:09:47Z or a day like 2026-03-05 is expected")
	}
	p.time, p.byTime, p.placed = then.UTC().Truncate(time.Millisecond), true, both
	// A node whose clock is ahead may have given out a time with a position, but no time alone.
	if p.time.After(c.Now()) && (!both || !c.awaitTime(p.time)) {
		return nil, InvalidField(pointer, CodeAsOfInFuture, "the moment has not come yet; leave it out to read what is now")
	}
	return p, nil
}

// clockPatience is how far ahead of this node's clock a moment may be that another node has given
// out.
const clockPatience = time.Second

// awaitTime waits until it is that time, and reports whether it is. It does not wait for one that
// is further ahead than clockPatience.
func (c *Call) awaitTime(t time.Time) bool {
	switch wait := t.Sub(c.Now()); {
	case wait <= 0:
		return true
	case wait > clockPatience:
		return false
	default:
		ctx, cancel := c.WhileServing(wait + time.Millisecond)
		defer cancel()
		<-ctx.Done()
		return !t.After(c.Now())
	}
}

// is reports whether a cursor's moment is the one that a parameter gives. A cursor has the
// position of a time, which the parameter need not have.
func (p *past) is(given *past) bool {
	switch {
	case p.byTime != given.byTime, p.byTime && !p.time.Equal(given.time):
		return false
	case given.placed:
		return p.placed && p.position == given.position
	}
	return true
}

// Queries returns the read models that the request asks for, of an organization that the
// token reaches: those of now, or those as of the moment in the parameter as_of or in the
// cursor. If the organization did not exist then, the error is [projections.ErrNotFound].
func (c *Call) Queries(org domain.OrganizationID) (*projections.Queries, error) {
	if c.past == nil {
		return c.current(), nil
	}
	q, err := c.past.of(c, c.Log().Partition(org))
	if err != nil {
		return nil, err
	}
	_, err = q.Organization(org)
	return q, err
}

// QueriesIn is [Call.Queries] for the organization of a workspace. The error is [NotFound] if
// the token does not reach the workspace.
func (c *Call) QueriesIn(ws domain.WorkspaceID) (*projections.Queries, error) {
	if c.past == nil {
		return c.current(), nil
	}
	found, err := c.lookUp(ws)
	if err != nil {
		return nil, err
	}
	if !c.Reaches(found.Organization, ws) {
		return nil, NotFound()
	}
	return c.Queries(found.Organization)
}

// History returns the position up to which the history tells what has become of something in
// the organization, once the history has it: that of the moment which the request asks for, or
// of what queries show now.
func (c *Call) History(org domain.OrganizationID) (wire.Position, error) {
	at := wire.Position{Partition: c.Log().Partition(org)}
	if c.past == nil {
		at.Number = c.Models().Applied(at.Partition)
		_, err := c.history(at)
		return at, err
	}
	_, err := c.Queries(org)
	for _, r := range c.past.read {
		if r.position.Partition == at.Partition {
			at = r.position
		}
	}
	return at, err
}

func (c *Call) current() *projections.Queries { return c.Models().Queries }

// IsPast reports whether the request asks for an earlier moment.
func (c *Call) IsPast() bool { return c.past != nil }

// At returns the time by which what ends by the clock has ended: now, or that of the moment
// which the request asks for. Of a position it is the time of its event, which is only known
// after [Call.Queries].
func (c *Call) At() time.Time {
	if c.past == nil {
		return c.Now()
	}
	return c.past.time
}

// InPartitions calls f with the read models of every partition as of the moment that the request
// asks for, which must be a time. It is for queries that concern no single organization.
func (c *Call) InPartitions(f func(partition int, q *projections.Queries)) error {
	if !c.past.byTime || c.past.placed && !c.past.fromCursor {
		return InvalidField(asOfPointer, CodeInvalidValue, "a time is expected here: a position is one of a single partition, and this concerns all of them")
	}
	for p := range c.Log().Partitions() {
		q, err := c.past.of(c, p)
		switch {
		case err == nil:
			f(p, q)
		case !errors.Is(err, projections.ErrNotFound):
			return err
		}
	}
	return nil
}

// of returns the read models of the partition as of the moment, and notes its position in the
// response. The error is [projections.ErrNotFound] if the partition had no events then.
func (p *past) of(c *Call, partition int) (*projections.Queries, error) {
	for _, r := range p.read {
		if r.position.Partition == partition {
			return r.result()
		}
	}
	at, err := p.resolve(c, partition)
	if err != nil {
		return nil, err
	}
	r := readAt{position: at}
	if at.Number > 0 {
		if r.queries, err = c.history(at); err != nil {
			return nil, err
		}
	}
	p.read = append(p.read, r)
	p.show(c)
	return r.result()
}

// historyPatience is how long a read of the past waits for the history. That is longer than it
// takes to apply all that may lack, and shorter than rebuilding a large one.
const historyPatience = 10 * time.Second

// history returns the read models as of the position.
func (c *Call) history(at wire.Position) (*projections.Queries, error) {
	ctx, cancel := context.WithTimeout(c, historyPatience)
	defer cancel()
	q, err := c.Models().AsOf(ctx, at)
	if err != nil && c.Err() == nil {
		p := readModelBehind.Problem("this node has no history up to the position yet; ask again, or another node").retryable()
		p.cause = err
		return nil, p
	}
	return q, err
}

func (r *readAt) result() (*projections.Queries, error) {
	if r.queries == nil {
		return nil, projections.ErrNotFound
	}
	return r.queries, nil
}

// show sets the response header.
func (p *past) show(c *Call) {
	positions := make([]wire.Position, len(p.read))
	for i := range p.read {
		positions[i] = p.read[i].position
	}
	slices.SortFunc(positions, func(a, b wire.Position) int { return a.Partition - b.Partition })
	texts := make([]string, len(positions))
	for i := range positions {
		texts[i] = positions[i].String()
	}
	c.SetHeader("Muster-As-Of", strings.Join(texts, ", "))
}

// resolve returns the partition's position of the moment, and finds out the moment's time.
func (p *past) resolve(c *Call, partition int) (wire.Position, error) {
	switch {
	case !p.placed:
		return p.lastBefore(c, partition)
	case p.position.Partition != partition && p.fromCursor:
		return wire.Position{}, fmt.Errorf("%w: it is one of another organization", projections.ErrBadCursor)
	case p.position.Partition != partition:
		return wire.Position{}, InvalidField(p.pointer, CodeInvalidValue, "a position of this organization is expected: they begin with "+strconv.Itoa(partition)+"-")
	case p.position.Number == 0:
		return p.position, nil
	}
	switch beyond, err := c.beyondLog(p.position); {
	case err != nil:
		return wire.Position{}, err
	case beyond && p.fromCursor:
		return wire.Position{}, fmt.Errorf("%w: the log ends before the moment of its list", projections.ErrBadCursor)
	case beyond:
		return wire.Position{}, InvalidField(p.pointer, CodeAsOfInFuture, "the log ends before this position; leave it out to read what is now")
	}
	if err := c.awaitApplied(p.position); err != nil {
		return wire.Position{}, err
	}
	if p.time.IsZero() {
		var err error
		if p.time, err = c.Log().TimeAt(c, p.position); err != nil {
			return wire.Position{}, fmt.Errorf("the time of a position: %w", err)
		}
	}
	return p.position, nil
}

// lastBefore returns the position of the partition's last event at or before the time.
func (p *past) lastBefore(c *Call, partition int) (wire.Position, error) {
	at := wire.Position{Partition: partition}
	for {
		visible := c.Log().Visible(partition).Number
		var err error
		if at.Number, err = c.Log().NumberAt(c, partition, p.time.Add(time.Millisecond)); err != nil {
			return at, fmt.Errorf("the position of a time: %w", err)
		}
		applied := c.Models().Applied(partition)
		if at.Number < visible || visible >= applied {
			return at, nil // later events are after the time, or there are none
		}
		if err := c.AwaitVisible(partition); err != nil {
			return at, err
		}
	}
}
