package subscriber

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	contentEvent = "application/cloudevents+json"
	contentBatch = "application/cloudevents-batch+json"
	// defaultMaxBody is far more than 100 events have.
	defaultMaxBody = 16 << 20
)

// Webhook verifies requests that Muster sends, as Standard Webhooks describes it
// (https://www.standardwebhooks.com). It can be used by several goroutines at the same time.
type Webhook struct {
	secrets []*standardwebhooks.Webhook

	// MaxBody is the largest body that a handler reads, in bytes. 0 is 16 MiB.
	MaxBody int64
	// Logger gets an error for each request that was refused or not handled. nil is
	// [slog.Default].
	Logger *slog.Logger
	// Pings makes handlers pass pings on to their function. By default they acknowledge
	// pings themselves. Pings have [PingType] and no position.
	Pings bool
}

// NewWebhook returns a Webhook that accepts requests signed with one of the secrets. There
// are two while a secret is being rotated. A secret is whsec_ and what follows it.
func NewWebhook(secrets ...string) (*Webhook, error) {
	if len(secrets) == 0 {
		return nil, errors.New("a webhook needs at least one secret")
	}
	w := new(Webhook)
	for _, text := range secrets {
		secret, err := readSecret(text)
		if err != nil {
			return nil, err
		}
		w.secrets = append(w.secrets, secret)
	}
	return w, nil
}

// errBody is the error of a request whose signature is right and whose body is none that
// this package knows.
var errBody = errors.New("the body cannot be read")

// Verify returns the events in a request with these headers and this body: one, or several
// in their order if the subscription has batches. The error is [ErrSignature] if the request
// was not signed with one of the secrets in the last five minutes. Then nothing in the body
// is to be believed.
//
// The body has to be exactly what was received: JSON that was decoded and encoded again has
// another signature.
func (w *Webhook) Verify(header http.Header, body []byte) ([]Event, error) {
	if err := w.signed(header, body); err != nil {
		return nil, err
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	switch {
	case err == nil && kind == contentEvent:
		events := make([]Event, 1)
		if err := json.Unmarshal(body, &events[0]); err != nil {
			return nil, fmt.Errorf("%w: %w", errBody, err)
		}
		return events, nil
	case err == nil && kind == contentBatch:
		var events []Event
		if err := json.Unmarshal(body, &events); err != nil {
			return nil, fmt.Errorf("%w: %w", errBody, err)
		}
		if len(events) == 0 {
			return nil, fmt.Errorf("%w: the batch has no event", errBody)
		}
		return events, nil
	}
	return nil, fmt.Errorf("%w: the Content-Type %.100q is neither %s nor %s", errBody, header.Get("Content-Type"), contentEvent, contentBatch)
}
