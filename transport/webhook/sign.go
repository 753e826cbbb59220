package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// sign sets the headers of Standard Webhooks for the body. Each secret makes a signature, in
// the order of the secrets.
func (b body) sign(h http.Header, secrets []Secret, at time.Time) error {
	if len(secrets) == 0 {
		return errors.New("there is no secret to sign with")
	}
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		w, err := standardwebhooks.NewWebhookRaw(secret[:])
		if err != nil {
			return err
		}
		if signatures[i], err = w.Sign(b.id, at, b.text); err != nil {
			return err
		}
	}
	h.Set(standardwebhooks.HeaderWebhookID, b.id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}
