package follow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/wire"
)

// run follows the events and prints them. An interruption is no error.
func (f *following) run(ctx context.Context, stdout, stderr io.Writer) error {
	if err := f.Authorize(); err != nil {
		return err
	}
	begin, err := f.begin()
	if err != nil {
		return err
	}
	// The first request finds out what is wrong with the token, the organization, the filters
	// and the place, before anything is said to be lost.
	first, err := f.list(ctx, begin, 1, 0)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return f.explain(err)
	}
	if begin.word == latest {
		begin = after(first.Position)
	}
	p := f.printer(begin, stdout)
	err = p.flush() // notes where it begins
	if err == nil {
		err = f.follow(ctx, p, stderr)
	}
	interrupted := ctx.Err() != nil
	if interrupted || errors.Is(err, errEnough) {
		err = nil
	}
	if failed := p.flush(); !errors.Is(err, failed) {
		err = errors.Join(f.explain(err), failed)
	}
	if interrupted || err != nil && p.written != begin {
		fmt.Fprintln(stderr, f.resume(p))
	}
	return err
}

// begin returns where to begin.
func (f *following) begin() (place, error) {
	noted, err := f.cursor.read()
	switch {
	case err != nil || !noted.isZero():
		return noted, err
	case !f.after.isZero():
		return f.after, nil
	case !f.from.isZero():
		return f.from, nil
	}
	return place{word: latest}, nil
}

// resume returns a sentence that says where to go on.
func (f *following) resume(p *printer) string {
	switch noted := f.cursor.noted; noted {
	case place{}:
		return fmt.Sprintf("To resume: --after %s", p.written)
	case p.written:
		return fmt.Sprintf("Printed up to %s, which is in %s: the same command resumes there.", noted, f.cursor.file)
	default:
		return fmt.Sprintf("Printed up to %s, but %s has %s: the same command resumes there.", p.written, f.cursor.file, noted)
	}
}

// explain adds to a refusal what the service cannot know.
func (f *following) explain(err error) error {
	p, refused := errors.AsType[*client.Problem](err)
	if refused && p.Status == http.StatusUnprocessableEntity && !f.cursor.noted.isZero() {
		return fmt.Errorf("%w (the position %s is from %s)", err, f.cursor.noted, f.cursor.file)
	}
	return err
}

// follow prints the events that come, or those up to --until. It returns errEnough at the
// end.
func (f *following) follow(ctx context.Context, p *printer, stderr io.Writer) error {
	switch {
	case f.until.isZero():
		return f.stream(ctx, p, stderr)
	case f.until.time.After(time.Now()):
		ctx, cancel := context.WithDeadlineCause(ctx, f.until.time, errEnough)
		defer cancel()
		return f.stream(ctx, p, stderr)
	}
	return f.pages(ctx, p)
}

// stream prints events as they come.
func (f *following) stream(ctx context.Context, p *printer, stderr io.Writer) error {
	return f.Follow(ctx, &client.Following{
		Path: f.path(), Query: f.query(p.last),
		Event: func(event string) error { return p.print(ctx, event) },
		Idle:  p.flush,
		Lost: func(why string) {
			fmt.Fprintf(stderr, "The connection is lost: %s. Trying to connect again.\n", why)
		},
		Again: func() { fmt.Fprintf(stderr, "Connected again, and going on after %s.\n", p.last) },
	})
}

// pages prints the events up to --until, which are there already. It reads them in pages,
// because a page says how far it goes even if a filter leaves out the last events.
func (f *following) pages(ctx context.Context, p *printer) error {
	end, err := f.list(ctx, place{word: latest}, 1, 0)
	if err != nil {
		return err
	}
	p.until = end.Position
	if at := f.until.position; at.Number > 0 {
		if at.Partition != end.Position.Partition || at.Number > end.Position.Number {
			return terminal.Usage("--until %s: there is no such event yet; the last position is %s", at, end.Position)
		}
		p.until = at
	}
	for wait := 0; ; {
		read, err := f.list(ctx, p.last, pageSize, wait)
		if err != nil {
			return err
		}
		for _, item := range read.Items {
			if err := p.print(ctx, string(item)); err != nil {
				return err
			}
		}
		if read.Position.Number >= p.until.Number {
			if !p.last.isPosition() || p.last.position.Number < p.until.Number {
				p.last = after(p.until)
			}
			return errEnough
		}
		p.last = after(read.Position)
		if read.Next == nil { // another node has not got the rest yet
			wait = 1
		}
		if err := p.flush(); err != nil {
			return err
		}
	}
}

// pageSize is the largest page that the API returns.
const pageSize = 200

// page is a page of the list of events.
type page struct {
	Items    []json.RawMessage `json:"items"`
	Next     *string           `json:"next_cursor"`
	Position wire.Position     `json:"position"`
}

// list reads a page of the events after a place. If there are none it waits for some, for
// that many seconds at most.
func (f *following) list(ctx context.Context, after place, size, wait int) (p page, err error) {
	q := f.query(after)
	q.Set("page_size", strconv.Itoa(size))
	q.Set("wait", strconv.Itoa(wait))
	err = client.Retrying(ctx, func() error {
		return f.Call(ctx, http.MethodGet, f.path()+"?"+q.Encode(), nil, &p)
	})
	return p, err
}

func (f *following) path() string { return "/v1/organizations/" + f.organization.String() + "/events" }

// query returns the filters, and where to begin.
func (f *following) query(after place) url.Values {
	q := url.Values{"after": {after.String()}}
	if len(f.types) > 0 {
		q["type"] = f.types
	}
	if !f.workspace.IsZero() {
		q.Set("workspace_id", f.workspace.String())
	}
	if !f.user.IsZero() {
		q.Set("user_id", f.user.String())
	}
	return q
}
