package native

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/muster-dev/muster/transport"
)

// reportPiece is how many bytes of a report are written at once.
const reportPiece = 32 << 10

// reportStream writes a report piece by piece. Before each piece it checks that the caller may
// still read it, and that the service is not about to stop.
type reportStream struct {
	c       *transport.Call
	to      io.Writer
	control *http.ResponseController // nil: to is not the response
}

func newReportStream(c *transport.Call) *reportStream {
	return &reportStream{c, c.ResponseWriter(), http.NewResponseController(c.ResponseWriter())}
}

// Write writes one piece. It fails if the reader does not take it in time.
func (s *reportStream) Write(piece []byte) (int, error) {
	if s.c.Stopping() {
		return 0, context.Canceled
	}
	if err := s.c.Reauthorize(); err != nil {
		return 0, err
	}
	if s.control != nil {
		if err := s.control.SetWriteDeadline(time.Now().Add(defaultSlowness)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return 0, err
		}
	}
	return s.to.Write(piece)
}

// end writes what is left of the response. The connection may serve other requests then, so its
// deadline is taken away.
func (s *reportStream) end() error {
	if err := s.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if err := s.control.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
