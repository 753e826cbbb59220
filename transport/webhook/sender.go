package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// Timeout is how long an attempt may take in all.
const Timeout = 15 * time.Second

// idle is how long a connection is kept for the next event. It is shorter than what
// receivers keep theirs (5 seconds in Node.js), because a request on a connection that the
// other side is just closing is a failed attempt.
const idle = 4 * time.Second

// maxHeader bounds the headers of a response, in bytes.
const maxHeader = 16 << 10

// Options says how webhooks are sent.
type Options struct {
	// AllowPrivate allows http, and addresses that are not public. It is for development:
	// with it, whoever can make a subscription can make Muster send requests into the
	// operator's network.
	AllowPrivate bool
	// Proxy is what all requests go through, see [ParseProxy]; nil: they are sent directly.
	Proxy *url.URL
	// Version is that of the program, for the header User-Agent.
	Version string
	// RootCAs are the authorities whose certificates are trusted; nil: the system's.
	RootCAs *x509.CertPool
	// Resolver resolves names; nil: the system's resolver.
	Resolver *net.Resolver
	// Timeout is how long an attempt may take; 0: [Timeout].
	Timeout time.Duration
	// Now returns the time for signatures; nil: [time.Now].
	Now func() time.Time
}

// Sender sends webhooks. It is safe for concurrent use, and a process needs one.
type Sender struct {
	options   Options
	agent     string
	transport *http.Transport
}

// NewSender returns a sender. It has to be closed.
func NewSender(o Options) *Sender {
	if o.Timeout == 0 {
		o.Timeout = Timeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	dialer := &net.Dialer{Resolver: o.Resolver}
	if !o.AllowPrivate && o.Proxy == nil { // with a proxy, only the proxy is dialled
		dialer.Control = guard.Safe
	}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		Protocols:              new(http.Protocols),
		MaxIdleConns:           1000,
		MaxIdleConnsPerHost:    10,
		IdleConnTimeout:        idle,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // a response is shown as it came, and never unpacked
		OnProxyConnectResponse: checkProxy,
	}
	t.Protocols.SetHTTP1(true)
	if o.Proxy != nil {
		t.Proxy = http.ProxyURL(o.Proxy)
	}
	return &Sender{options: o, agent: agent(o.Version), transport: t}
}

// Close closes the connections that are kept. No request may be under way.
func (s *Sender) Close() { s.transport.CloseIdleConnections() }

// Send makes one attempt to deliver the events, all of them or none, in their order. Each is
// a CloudEvent in JSON, as the feed has it. There can only be more than one if the endpoint
// takes batches, and the caller bounds how long a batch is. An error means that the context
// ended before the outcome was known: it is not a failure of the endpoint, and the events
// have to be sent again.
func (s *Sender) Send(ctx context.Context, to Endpoint, events [][]byte) (Result, error) {
	r := Result{Outcome: Failed, At: s.options.Now()}
	b, err := to.render(events)
	if err != nil {
		r.Error, r.Cause = "the event could not be prepared for sending", err
		return r, nil
	}
	target, err := parseURL(to.URL, s.options.AllowPrivate)
	if err != nil {
		r.Outcome, r.Error, r.Cause = Refused, err.Error(), err
		return r, nil
	}
	header := http.Header{"Content-Type": {b.mediaType}, "User-Agent": {s.agent}}
	if err := b.sign(header, to.Secrets, r.At); err != nil {
		r.Error, r.Cause = "the request could not be signed", err
		return r, nil
	}
	began := time.Now()
	err = s.attempt(ctx, target, header, b.text, &r)
	r.Latency = time.Since(began)
	return r, err
}

// attempt makes the request and notes what came of it.
func (s *Sender) attempt(ctx context.Context, target *url.URL, header http.Header, text []byte, r *Result) error {
	limited, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	var reached atomic.Int32
	limited = httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		TLSHandshakeStart: func() { reached.Store(handshake) },
		GotConn:           func(httptrace.GotConnInfo) { reached.Store(connected) },
	})
	request, err := http.NewRequestWithContext(limited, http.MethodPost, target.String(), bytes.NewReader(text))
	if err != nil {
		r.Error, r.Cause = "the request could not be made", err
		return nil
	}
	request.Header = header
	// The transport itself follows no redirects and keeps no cookies.
	answer, err := s.transport.RoundTrip(request)
	if err == nil {
		defer answer.Body.Close()
		s.read(answer, r)
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f := failure{err: err, host: address(request.URL), timeout: s.options.Timeout, reached: reached.Load(), proxy: s.options.Proxy != nil}
	r.Outcome, r.Error, r.Cause = f.outcome(), f.text(), err
	return nil
}

// address returns host and port of the URL.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = u.Scheme
		switch u.Scheme {
		case "https":
			port = "443"
		case "http":
			port = "80"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}
