package listen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"sync"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/muster-dev/muster/transport/webhook"
)

// maxBody bounds a request, in bytes. Muster's are smaller.
const maxBody = 64 << 20

// receiver receives webhooks.
type receiver struct {
	o      *options
	ready  chan struct{} // closed when verifiers are set
	failed chan error    // why nothing can be printed any more
	notes  io.Writer

	verifiers []*standardwebhooks.Webhook

	mu    sync.Mutex // guards what is printed
	print printer
}

func newReceiver(o *options, out, notes io.Writer) *receiver {
	return &receiver{o: o, ready: make(chan struct{}), failed: make(chan error, 1), notes: notes, print: newPrinter(out, o)}
}

// open lets requests be verified with the secrets. Until then they wait: Muster may send the
// first event of a subscription before the response that has its secret is here.
func (r *receiver) open(secrets []webhook.Secret) {
	for _, secret := range secrets {
		verifier, _ := standardwebhooks.NewWebhookRaw(secret[:]) // never fails
		r.verifiers = append(r.verifiers, verifier)
	}
	close(r.ready)
}

// ServeHTTP receives a request.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	select {
	case <-r.ready:
	case <-request.Context().Done():
		return
	}
	events, body, status, err := r.receive(w, request)
	if err != nil {
		r.note(fmt.Sprintf("%d to %s from %s: %v", status, request.Method, request.RemoteAddr, err))
		http.Error(w, err.Error(), status)
		return
	}
	answer := &noted{ResponseWriter: w}
	var why error
	defer func() { r.show(events, answer.status, why) }() // also if a response breaks off, with a panic
	switch {
	case r.o.forwardTo != nil:
		why = r.forward(answer, request, body)
	case r.o.status != 0:
		answer.WriteHeader(r.o.status)
	default:
		answer.WriteHeader(http.StatusNoContent)
	}
}

// receive reads and verifies a request. It returns the status of the response with an error.
func (r *receiver) receive(w http.ResponseWriter, request *http.Request) (events []event, body []byte, status int, err error) {
	if request.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, nil, http.StatusMethodNotAllowed, errors.New("webhooks are sent with POST")
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, request.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, nil, http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes", maxBody)
	}
	if err != nil {
		return nil, nil, http.StatusBadRequest, fmt.Errorf("the body is incomplete: %w", err)
	}
	if err := r.verify(request.Header, body); err != nil {
		return nil, nil, http.StatusUnauthorized, err
	}
	events, err = readEvents(request.Header.Get("Content-Type"), body)
	return events, body, http.StatusBadRequest, err
}

// verify returns an error unless the body was signed with one of the secrets.
func (r *receiver) verify(header http.Header, body []byte) (err error) {
	for _, verifier := range r.verifiers {
		if err = verifier.Verify(body, header); err == nil {
			return nil
		}
	}
	switch {
	case errors.Is(err, standardwebhooks.ErrMessageTooOld), errors.Is(err, standardwebhooks.ErrMessageTooNew):
		return errors.New("not verified: the time of the signature is more than five minutes away: compare the clocks of both machines")
	case errors.Is(err, standardwebhooks.ErrNoMatchingSignature):
		return errors.New("not verified: it was not signed with the secret that is known here, or was changed on its way")
	case errors.Is(err, standardwebhooks.ErrRequiredHeaders):
		return errors.New("not verified: webhook-id, webhook-timestamp and webhook-signature are expected: it is not from Muster, or something on its way takes them out")
	}
	return errors.New("not verified: the headers cannot be read")
}

// forward sends the request on, with its headers and its body, and passes the response back.
func (r *receiver) forward(w http.ResponseWriter, request *http.Request, body []byte) (failure error) {
	proxy := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL, p.Out.Host = r.o.forwardTo, r.o.forwardTo.Host
			p.Out.Body, p.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			failure = fmt.Errorf("your receiver at %s has not responded: %w", r.o.forwardTo.Redacted(), err)
			http.Error(w, "the receiver behind muster webhook listen has not responded", http.StatusBadGateway)
		},
	}
	proxy.ServeHTTP(w, request)
	return failure
}

// noted is a response whose status can be read afterwards.
type noted struct {
	http.ResponseWriter
	status int
}

// WriteHeader sets the status.
func (n *noted) WriteHeader(status int) {
	if status >= http.StatusOK { // before it there may be some that are no response
		n.status = status
	}
	n.ResponseWriter.WriteHeader(status)
}

// Unwrap returns the response for [http.ResponseController].
func (n *noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// show prints the events of a request with the status of its response.
func (r *receiver) show(events []event, status int, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		if err := r.print.print(&events[i], status); err != nil {
			select {
			case r.failed <- err:
			default:
			}
			return
		}
	}
	if why != nil {
		fmt.Fprintln(r.notes, why)
	}
}

// note writes what is not an event.
func (r *receiver) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(r.notes, text)
}
