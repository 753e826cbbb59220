package webhook_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/webhook"
)

func TestSecretText(t *testing.T) {
	t.Parallel()
	s := webhook.Secret{0xfb, 31: 0xff}
	text := s.Text()
	equal(t, "text", text, "whsec_+wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8=")
	if got, err := webhook.ParseSecret(text); err != nil || got != s {
		t.Errorf("%v, %v", got, err)
	}
	for _, wrong := range []string{
		"", "whsec_", text[6:], "WHSEC_" + text[6:], text + "A", text[:len(text)-1], text + "\n", " " + text,
		strings.ReplaceAll(text, "+", "-"), "whsec_AAAA", "whsec_" + strings.Repeat("A", 44), text[:len(text)-2] + "9=",
	} {
		if _, err := webhook.ParseSecret(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

// A secret gets into no log by mistake.
func TestSecretIsHidden(t *testing.T) {
	t.Parallel()
	s := secret(0xfb)
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", slog.Any("secret", s), slog.Any("to", webhook.Endpoint{Secrets: []webhook.Secret{s}}))
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", slog.Any("secret", &s), slog.Any("to", webhook.Endpoint{Secrets: []webhook.Secret{s}}))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&b, verb+"\n", s)
		fmt.Fprintf(&b, verb+"\n", webhook.Endpoint{Secrets: []webhook.Secret{s}})
	}
	for _, shown := range []string{"[251", "fb0", "FB0", "0xfb", s.Text()[6:]} {
		if strings.Contains(b.String(), shown) {
			t.Errorf("%s is shown:\n%s", shown, b.String())
		}
	}
}

// Derived secrets are the same on every node and in every version.
func TestDerive(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{7}, 32)
	seen := map[webhook.Secret]bool{}
	for _, subscription := range []domain.SubscriptionID{{1}, {2}} {
		for generation := range uint64(3) {
			s, err := webhook.Derive(key, subscription, generation)
			if err != nil || seen[s] || s == (webhook.Secret{}) {
				t.Errorf("%v, %v", seen[s], err)
			}
			seen[s] = true
		}
	}
	s, err := webhook.Derive(key, domain.SubscriptionID{1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "secret", hex.EncodeToString(s[:]), "81f7c993b0330e92cc924f79e87a4dd89475a4c039c5466f03916eb437c518b2")
	for _, short := range [][]byte{nil, key[:31]} {
		if _, err := webhook.Derive(short, domain.SubscriptionID{1}, 0); err == nil {
			t.Errorf("a key of %d bytes is taken", len(short))
		}
	}
}
