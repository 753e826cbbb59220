package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"
)

// phase is how far an attempt came.
type phase = int32

const (
	dialling  phase = iota
	handshake       // there is a connection, and TLS begins
	connected       // there is a connection, its TLS included
)

// failure is why there is no response.
type failure struct {
	err     error
	host    string // host and port as the subscriber wrote them
	timeout time.Duration
	reached phase
	proxy   bool // whether requests go through a proxy
}

// outcome returns whether Muster or the endpoint is the reason.
func (f failure) outcome() Outcome {
	if refused(f.err) {
		return Refused
	}
	return Failed
}

// dials are the operations of [net.OpError] that make a connection, or have a proxy make one.
var dials = []string{"dial", "proxyconnect", "socks connect"}

// text says it to the subscriber. It shows nothing of the error itself but what it knows to
// be about the endpoint, because errors name resolvers, proxies and resolved addresses.
func (f failure) text() string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var through errProxy
	var op *net.OpError
	switch {
	case refused(f.err):
		return ErrNotPublic.Error()
	case errors.As(f.err, &through):
		return through.Error()
	case f.proxy && errors.As(f.err, &op) && slices.Contains(dials, op.Op):
		return "there is no connection through the proxy that Muster sends webhooks through"
	case errors.As(f.err, &name) && name.IsNotFound:
		return "the name of the host is not known"
	case errors.As(f.err, &name):
		return "the name of the host could not be resolved"
	case errors.Is(f.err, context.DeadlineExceeded), isTimeout(f.err):
		if f.reached == connected {
			return fmt.Sprintf("there was no answer within %v", f.timeout)
		}
		return fmt.Sprintf("there was no connection to %s within %v", f.host, f.timeout)
	case errors.As(f.err, &certificate):
		return "the certificate is not valid: " + invalid(certificate.Err)
	case errors.As(f.err, &noTLS):
		return fmt.Sprintf("%s does not speak TLS", f.host)
	case f.reached == handshake && errors.As(f.err, &op) && op.Op == "remote error": // an alert, named by package tls
		return fmt.Sprintf("%s refuses the TLS connection: %s", f.host, strings.TrimPrefix(op.Err.Error(), "tls: "))
	case errors.Is(f.err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nobody listens at %s", f.host)
	case errors.Is(f.err, syscall.EHOSTUNREACH), errors.Is(f.err, syscall.ENETUNREACH):
		return fmt.Sprintf("%s cannot be reached", f.host)
	case errors.Is(f.err, io.EOF), errors.Is(f.err, io.ErrUnexpectedEOF), errors.Is(f.err, syscall.ECONNRESET), errors.Is(f.err, syscall.EPIPE):
		return "the connection was closed before there was an answer"
	case f.reached == handshake:
		return fmt.Sprintf("there is no TLS connection to %s", f.host)
	case f.reached == connected:
		return "the answer is not HTTP, or its headers are too long"
	}
	return fmt.Sprintf("there is no connection to %s", f.host)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// invalid says what is wrong with a certificate. What it says is about the receiver only.
func invalid(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "it is not signed by an authority that is trusted here, or an intermediate certificate is missing"
	case errors.As(err, &name):
		return "it is for another name"
	case errors.As(err, &certificate) && certificate.Reason == x509.Expired:
		return "it has expired, or is not valid yet"
	}
	return "it could not be verified"
}
