package subscriber

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"
)

// ErrGone is returned by the function of a handler that wants no more events. The response
// is 410, and Muster pauses the subscription.
var ErrGone = errors.New("no more events are wanted")

// RetryAfter returns the error that asks Muster to deliver the event again after the wait,
// instead of after the usual one. The response is 503.
func RetryAfter(wait time.Duration, err error) error { return retryLater{err, wait} }

type retryLater struct {
	error
	wait time.Duration
}

// Unwrap returns the error itself.
func (r retryLater) Unwrap() error { return r.error }

// Handler returns a handler that calls the function for each event of a request, in order.
// The response is 204 once the function has returned nil for all of them. If it returns an
// error it is not called for the rest of the request, and the response is 500, or that of
// [ErrGone] or [RetryAfter]. Muster then delivers the request again, with the events for
// which the function returned nil: see the package's documentation for how to skip those.
//
// The function is called once at a time: a delivery that Muster repeats, because the
// function took more than 15 s, waits until the function has returned. So a handler is for
// one subscription, and each gets one of its own. The context ends when Muster gives up the
// request.
//
// A request that is not verified is answered with 401, and the function is not called.
func (w *Webhook) Handler(handle func(ctx context.Context, event Event) error) http.Handler {
	return w.BatchHandler(func(ctx context.Context, events []Event) error {
		for _, event := range events {
			if err := handle(ctx, event); err != nil {
				return err
			}
		}
		return nil
	})
}

// BatchHandler is [Webhook.Handler] for a function that takes all events of a request at
// once, for example into one transaction.
func (w *Webhook) BatchHandler(handle func(ctx context.Context, events []Event) error) http.Handler {
	return &handler{w, handle, make(chan struct{}, 1)}
}

type handler struct {
	*Webhook
	handle func(ctx context.Context, events []Event) error
	turn   chan struct{} // holds a value while the function runs
}

// ServeHTTP receives a request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, text, err := h.receive(w, r)
	if err != nil {
		logger := h.Logger
		if logger == nil {
			logger = slog.Default()
		}
		logger.LogAttrs(r.Context(), slog.LevelError, "a webhook was not handled",
			slog.Int("status", status), slog.String("webhook_id", r.Header.Get("Webhook-Id")), slog.Any("error", err))
	}
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	http.Error(w, text, status)
}

// receive returns the status and the text of the response, and the error that explains it.
// Errors of the function are not in the text: they are nobody else's business.
func (h *handler) receive(w http.ResponseWriter, r *http.Request) (status int, text string, err error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed, "webhooks are sent with POST", nil
	}
	most := h.MaxBody
	if most == 0 {
		most = defaultMaxBody
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge, "the body has more than " + strconv.FormatInt(most, 10) + " bytes", err
	}
	if err != nil {
		return http.StatusBadRequest, "the body is incomplete", err
	}
	events, err := h.Verify(r.Header, body)
	switch {
	case errors.Is(err, ErrSignature):
		return http.StatusUnauthorized, err.Error(), err
	case err != nil:
		return http.StatusBadRequest, err.Error(), err
	case len(events) == 1 && events[0].Type == PingType && !h.Pings:
		return http.StatusNoContent, "", nil
	}
	return h.call(w, r, events)
}

// call calls the function when it is its turn.
func (h *handler) call(w http.ResponseWriter, r *http.Request, events []Event) (status int, text string, err error) {
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-r.Context().Done():
		return http.StatusServiceUnavailable, "the delivery before this one is still being handled", r.Context().Err()
	}
	err = h.handle(r.Context(), events)
	var wait retryLater
	switch {
	case err == nil:
		return http.StatusNoContent, "", nil
	case errors.Is(err, ErrGone):
		return http.StatusGone, ErrGone.Error(), err
	case errors.As(err, &wait):
		w.Header().Set("Retry-After", strconv.Itoa(max(0, int(math.Ceil(wait.wait.Seconds())))))
		return http.StatusServiceUnavailable, "not handled yet", err
	}
	return http.StatusInternalServerError, "not handled", err
}
