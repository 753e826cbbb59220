package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"time"
)

// noResponse is an error in Muster's own words for a request that got no complete
// response.
type noResponse struct {
	text string
	err  error
}

// Error returns what a person needs to know.
func (e *noResponse) Error() string { return e.text }

// Unwrap returns the error of the HTTP client.
func (e *noResponse) Unwrap() error { return e.err }

// noResponse returns the error for a request that got no complete response.
func (c *Client) noResponse(err error) error {
	return &noResponse{c.whyNoResponse(err), err}
}

func (c *Client) whyNoResponse(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer from the service at %s within %d s", c.URL, callTimeout/time.Second)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Sprintf("the service at %s closed the connection before its response was complete", c.URL)
	}
	why := err.Error()
	if inner, ok := errors.AsType[*url.Error](err); ok {
		why = inner.Err.Error() // without method and address
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok {
		why = unknown.Err
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		why = errno.Error()
	}
	return fmt.Sprintf("the service at %s cannot be reached: %s: is it running there? (--url)", c.URL, why)
}
