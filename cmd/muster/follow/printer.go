package follow

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/muster-dev/muster/cmd/muster/shown"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/wire"
)

// errEnough ends a stream when everything that was asked for has been printed.
var errEnough = errors.New("everything was printed")

// printer prints events and knows how far it is.
type printer struct {
	out    *bufio.Writer
	lines  *shown.Lines // nil: the CloudEvents as they are
	cursor *cursor
	last   place // after which to go on: where it began, or the last position
	// written is what to resume after: where it began, or the last position of which the
	// output is written.
	written place
	failed  error         // why the output or the cursor could not be written
	until   wire.Position // of the last event to print; the zero position for no end
	before  time.Time     // events after this time are not printed; the zero time for no end
	count   int           // how many events to print; 0 for no end
}

// printer returns a printer that begins after the place.
func (f *following) printer(begin place, stdout io.Writer) *printer {
	p := &printer{out: bufio.NewWriter(stdout), cursor: &f.cursor, last: begin, written: begin, before: f.until.time, count: f.count}
	if f.format == terminal.FormatTable {
		p.lines = &shown.Lines{Out: p.out, Paint: terminal.NewPainter(stdout, f.color)}
		if f.names {
			p.lines.Names = shown.NewNames(&f.Client, f.organization)
		}
	}
	return p
}

// print prints an event. It returns errEnough if there is no other to print.
func (p *printer) print(ctx context.Context, text string) error {
	var e shown.Event
	if err := json.Unmarshal([]byte(text), &e); err != nil || e.Sequence.Number == 0 {
		return fmt.Errorf("this is not an event of Muster: %.200s", text)
	}
	if p.until.Number > 0 && e.Sequence.Number > p.until.Number || !p.before.IsZero() && e.Time.After(p.before) {
		return errEnough
	}
	var err error
	if p.lines == nil {
		_, err = fmt.Fprintln(p.out, text)
	} else {
		err = p.lines.Print(ctx, &e)
	}
	if err != nil {
		p.failed = err
		return err
	}
	p.last = place{position: e.Sequence}
	if p.count--; p.count == 0 {
		return errEnough
	}
	return nil
}

// flush writes what was printed, and then notes how far that is. Once it has failed it
// returns the same error again.
func (p *printer) flush() error {
	if p.failed != nil {
		return p.failed
	}
	if p.failed = p.out.Flush(); p.failed == nil {
		p.written = p.last
		p.failed = p.cursor.write(p.written)
	}
	return p.failed
}
