package subscriber

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func secretOf(letter string) string {
	return secretPrefix + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// signedRequest returns a delivery that is signed with the secrets at the time.
func signedRequest(t *testing.T, at time.Time, kind, body string, secrets ...string) *http.Request {
	t.Helper()
	var signatures []string
	for _, secret := range secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := signer.Sign(eventID(1), at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, signature)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Webhook-Id", eventID(1))
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("Webhook-Signature", strings.Join(signatures, " "))
	return r
}

// received returns a handler that notes the numbers of its events and returns the error for
// one of them.
func received(t *testing.T, numbers *[]uint64, failing uint64, failure error, secrets ...string) http.Handler {
	t.Helper()
	w, err := NewWebhook(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	w.Logger = slog.New(slog.DiscardHandler)
	return w.Handler(func(_ context.Context, e Event) error {
		*numbers = append(*numbers, e.Position.Number)
		if e.Position.Number == failing {
			return failure
		}
		return nil
	})
}

func TestHandler(t *testing.T) {
	a, b, other := secretOf("a"), secretOf("b"), secretOf("o")
	batch := "[" + eventText(1) + "," + eventText(2) + "," + eventText(3) + "]"
	now := time.Now()
	change := func(r *http.Request, name string, values ...string) *http.Request {
		r.Header[name] = values
		return r
	}
	single := func(secrets ...string) *http.Request {
		return signedRequest(t, now, contentEvent, eventText(1), secrets...)
	}
	for _, c := range []struct {
		name    string
		request *http.Request
		status  int
		numbers []uint64
	}{
		{"an event", single(a), 204, []uint64{1}},
		{"an event with a charset", signedRequest(t, now, contentEvent+"; charset=utf-8", eventText(1), a), 204, []uint64{1}},
		{"the other secret", single(b), 204, []uint64{1}},
		{"both secrets", single(a, b), 204, []uint64{1}},
		{"an unknown signature too", single(other, b), 204, []uint64{1}},
		{"a batch", signedRequest(t, now, contentBatch, batch, a), 204, []uint64{1, 2, 3}},
		{"a ping", signedRequest(t, now, contentEvent, pingText, a), 204, nil},
		{"an unknown signature", single(other), 401, nil},
		{"no signature", single(), 401, nil},
		{"no id", change(single(a), "Webhook-Id"), 401, nil},
		{"another id", change(single(a), "Webhook-Id", eventID(2)), 401, nil},
		{"two ids", change(single(a), "Webhook-Id", eventID(1), eventID(2)), 401, nil},
		{"two headers with signatures", change(single(a), "Webhook-Signature", single(a).Header.Get("Webhook-Signature"), "v1,x"), 401, nil},
		{"no time", change(single(a), "Webhook-Timestamp"), 401, nil},
		{"a wrong time", change(single(a), "Webhook-Timestamp", "now"), 401, nil},
		{"another time", change(single(a), "Webhook-Timestamp", strconv.FormatInt(now.Unix()-1, 10)), 401, nil},
		{"another version", change(single(a), "Webhook-Signature", "v2"+single(a).Header.Get("Webhook-Signature")[2:]), 401, nil},
		{"an old time", signedRequest(t, now.Add(-6*time.Minute), contentEvent, eventText(1), a), 401, nil},
		{"an early time", signedRequest(t, now.Add(6*time.Minute), contentEvent, eventText(1), a), 401, nil},
		{"almost too old", signedRequest(t, now.Add(-4*time.Minute), contentEvent, eventText(1), a), 204, []uint64{1}},
		{"no event", signedRequest(t, now, contentEvent, "{}", a), 400, nil},
		{"an empty batch", signedRequest(t, now, contentBatch, "[]", a), 400, nil},
		{"a batch that says it is an event", signedRequest(t, now, contentEvent, batch, a), 400, nil},
		{"another content", signedRequest(t, now, "application/json", eventText(1), a), 400, nil},
		{"a large body", signedRequest(t, now, contentEvent, eventText(1)+strings.Repeat(" ", defaultMaxBody), a), 413, nil},
		{"no delivery", httptest.NewRequest(http.MethodGet, "/", nil), 405, nil},
	} {
		var numbers []uint64
		w := httptest.NewRecorder()
		received(t, &numbers, 0, nil, a, b).ServeHTTP(w, c.request)
		if w.Code != c.status || !slices.Equal(numbers, c.numbers) {
			t.Errorf("%s: %d %s, events %v", c.name, w.Code, w.Body, numbers)
		}
	}
}

// A body that was changed by a single byte is not verified.
func TestHandlerChangedBody(t *testing.T) {
	var numbers []uint64
	handler := received(t, &numbers, 0, nil, secretOf("a"))
	for i := range eventText(1) {
		r := signedRequest(t, time.Now(), contentEvent, eventText(1), secretOf("a"))
		body := []byte(eventText(1))
		body[i] ^= 1
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized || numbers != nil {
			t.Fatalf("byte %d: %d, events %v", i, w.Code, numbers)
		}
	}
}

// What the function returns decides what Muster does next.
func TestHandlerErrors(t *testing.T) {
	inner := errors.New("the database has the password 1234")
	for _, c := range []struct {
		err        error
		status     int
		retryAfter string
	}{
		{inner, 500, ""},
		{fmt.Errorf("%w: %w", ErrGone, inner), 410, ""},
		{RetryAfter(1500*time.Millisecond, inner), 503, "2"},
		{fmt.Errorf("later: %w", RetryAfter(-time.Second, inner)), 503, "0"},
		{context.DeadlineExceeded, 500, ""},
	} {
		var numbers []uint64
		w := httptest.NewRecorder()
		batch := "[" + eventText(1) + "," + eventText(2) + "," + eventText(3) + "]"
		received(t, &numbers, 2, c.err, secretOf("a")).ServeHTTP(w, signedRequest(t, time.Now(), contentBatch, batch, secretOf("a")))
		if w.Code != c.status || w.Header().Get("Retry-After") != c.retryAfter || !slices.Equal(numbers, []uint64{1, 2}) {
			t.Errorf("%v: %d, Retry-After %s, events %v", c.err, w.Code, w.Header().Get("Retry-After"), numbers)
		}
		if strings.Contains(w.Body.String(), "1234") {
			t.Errorf("%v: the response says %s", c.err, w.Body)
		}
	}
	if err := RetryAfter(time.Second, inner); !errors.Is(err, inner) || err.Error() != inner.Error() {
		t.Errorf("%v hides its cause", err)
	}
}

// A function that has asked for pings gets them.
func TestHandlerPings(t *testing.T) {
	w, err := NewWebhook(secretOf("a"))
	if err != nil {
		t.Fatal(err)
	}
	w.Pings = true
	var types []string
	handler := w.Handler(func(_ context.Context, e Event) error {
		types = append(types, e.Type)
		return nil
	})
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, signedRequest(t, time.Now(), contentEvent, pingText, secretOf("a")))
	if answer.Code != http.StatusNoContent || !slices.Equal(types, []string{PingType}) {
		t.Errorf("%d, %v", answer.Code, types)
	}
}

// A delivery that is repeated while the function still runs waits for its turn, and gives up
// with its request. After a panic the next one has its turn.
func TestHandlerOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := NewWebhook(secretOf("a"))
		if err != nil {
			t.Fatal(err)
		}
		w.Logger = slog.New(slog.DiscardHandler)
		running, calls := 0, 0
		handler := w.Handler(func(context.Context, Event) error {
			running++
			defer func() { running-- }()
			if calls++; running > 1 {
				t.Error("two at once")
			}
			time.Sleep(20 * time.Second)
			if calls == 1 {
				panic("first")
			}
			return nil
		})
		deliver := func(patience time.Duration) int {
			defer func() { _ = recover() }()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, signedRequest(t, time.Now(), contentEvent, eventText(1), secretOf("a")).WithContext(ctx))
			return answer.Code
		}
		go deliver(time.Minute)
		synctest.Wait()
		if code := deliver(15 * time.Second); code != http.StatusServiceUnavailable {
			t.Errorf("the one that gave up: %d", code)
		}
		if code := deliver(time.Minute); code != http.StatusNoContent || calls != 2 {
			t.Errorf("the one that waited: %d, %d calls", code, calls)
		}
	})
}

func TestNewWebhook(t *testing.T) {
	if _, err := NewWebhook(); err == nil {
		t.Error("a webhook without a secret")
	}
	for _, secret := range []string{
		"", "whsec_", "whsec_AAAA", "whsec_%", strings.TrimPrefix(secretOf("a"), secretPrefix), " " + secretOf("a"),
		secretPrefix + base64.StdEncoding.EncodeToString(make([]byte, 23)), secretPrefix + base64.StdEncoding.EncodeToString(make([]byte, 65)),
	} {
		_, err := NewWebhook(secretOf("a"), secret)
		if err == nil {
			t.Errorf("%q is a secret", secret)
		} else if len(secret) > 8 && strings.Contains(err.Error(), secret) {
			t.Errorf("%v contains it", err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(eventText(1), "1700000000", "v1,x", contentEvent)
	f.Fuzz(func(t *testing.T, body, at, signature, kind string) {
		w, err := NewWebhook(secretOf("a"))
		if err != nil {
			t.Fatal(err)
		}
		header := http.Header{"Content-Type": {kind}, "Webhook-Id": {"1"}, "Webhook-Timestamp": {at}, "Webhook-Signature": {signature}}
		if events, err := w.Verify(header, []byte(body)); err == nil {
			t.Errorf("verified: %v", events)
		}
		signed := signedRequest(t, time.Now(), kind, body, secretOf("a"))
		if events, err := w.Verify(signed.Header, []byte(body)); errors.Is(err, ErrSignature) || err == nil && len(events) == 0 {
			t.Errorf("%v, %v", events, err)
		}
	})
}
