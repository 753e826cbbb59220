package subscriber

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const secretPrefix = "whsec_"

// The number of bytes that Standard Webhooks wants secrets to have.
const leastSecret, mostSecret = 24, 64

// readSecret returns the verifier for a secret. The library would also take an empty one,
// with which everybody can sign.
func readSecret(secret string) (*standardwebhooks.Webhook, error) {
	text, found := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil || len(key) < leastSecret || len(key) > mostSecret {
		// Without the secret, because errors are logged.
		return nil, errors.New("the secret of a webhook is expected: whsec_ and what follows it, as Muster has shown it when the subscription was made")
	}
	return standardwebhooks.NewWebhookRaw(key)
}

// ErrSignature is the error of [Webhook.Verify] for a request that Muster has not signed with
// one of the secrets, or not in the last five minutes.
var ErrSignature = errors.New("not verified")

// signed returns an error unless the body was signed with one of the secrets. A request can
// have several signatures.
func (w *Webhook) signed(header http.Header, body []byte) error {
	for _, name := range []string{
		standardwebhooks.HeaderWebhookID, standardwebhooks.HeaderWebhookTimestamp, standardwebhooks.HeaderWebhookSignature,
	} {
		// The library reads the first one, and another reader might read the last one.
		if len(header.Values(name)) != 1 {
			return fmt.Errorf("%w: the header %s is expected once, and was sent %d times", ErrSignature, name, len(header.Values(name)))
		}
	}
	var err error
	for _, secret := range w.secrets {
		if err = secret.Verify(body, header); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", ErrSignature, why(err))
}

// why returns what the error of the library means.
func why(err error) string {
	switch {
	case errors.Is(err, standardwebhooks.ErrMessageTooOld), errors.Is(err, standardwebhooks.ErrMessageTooNew):
		return "the time of the signature is more than five minutes away: compare the clocks of both sides"
	case errors.Is(err, standardwebhooks.ErrNoMatchingSignature):
		return "no signature is of a secret that is known here: compare the secret with that of the subscription"
	}
	return "webhook-id, webhook-timestamp or webhook-signature cannot be read"
}
