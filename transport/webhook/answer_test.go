package webhook_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/muster-dev/muster/transport/webhook"
)

// The status decides.
func TestOutcome(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]webhook.Outcome{
		200: webhook.Delivered, 201: webhook.Delivered, 202: webhook.Delivered, 204: webhook.Delivered, 299: webhook.Delivered,
		400: webhook.Failed, 401: webhook.Failed, 404: webhook.Failed, 409: webhook.Failed, 410: webhook.Gone, 429: webhook.Failed,
		500: webhook.Failed, 503: webhook.Failed, 599: webhook.Failed,
	} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Set-Cookie", "a=b; Path=/")
			w.WriteHeader(status)
		})
		s := r.sender(t)
		result := send(t, s, r.endpoint(), want)
		if result.Status != status || (result.Error == "") != (want == webhook.Delivered) || result.Cause != nil {
			t.Errorf("%+v", result)
		}
		if want == webhook.Failed != (result.RetryAfter == 7*time.Second) {
			t.Errorf("%d: RetryAfter is %v", status, result.RetryAfter)
		}
		send(t, s, r.endpoint(), want)
		if h := r.requests()[1].header; h["Cookie"] != nil {
			t.Errorf("the second request has the header %q", h)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                                 0,
		"0":                                0,
		"120":                              2 * time.Minute,
		" 120 ":                            2 * time.Minute,
		"86400":                            webhook.MaxRetryAfter,
		"86401":                            webhook.MaxRetryAfter,
		"99999999999999999999999":          webhook.MaxRetryAfter,
		"-1":                               0,
		"+5":                               0,
		"1.5":                              0,
		"soon":                             0,
		"1, 2":                             0,
		"Thu, 05 Mar 2026 23:10:47 GMT":    time.Minute - 281*time.Millisecond,
		"Thursday, 05-Mar-26 23:10:47 GMT": time.Minute - 281*time.Millisecond,
		"Thu Mar  5 23:10:47 2026":         time.Minute - 281*time.Millisecond,
		"Thu, 05 Mar 2026 23:09:47 GMT":    0,
		"Thu, 05 Mar 2020 23:09:47 GMT":    0,
		"Thu, 05 Mar 2126 23:09:47 GMT":    webhook.MaxRetryAfter,
	} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		s := sender(t, webhook.Options{AllowPrivate: true, RootCAs: r.roots(), Now: func() time.Time { return now }})
		if got := send(t, s, r.endpoint(), webhook.Failed).RetryAfter; got != want {
			t.Errorf("Retry-After: %s is %v, and %v is expected", value, got, want)
		}
	}
}

// Of a response at most 1 KB is kept, as a text that can be shown.
func TestAnswer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "",
		"no\tthanks\r\n":            "no\tthanks\r\n",
		"\x1b[2J\x00\u0085":         "�[2J��",
		"caf\xe9":                   "caf�",
		strings.Repeat("x", 1024):   strings.Repeat("x", 1024),
		strings.Repeat("x", 5000):   strings.Repeat("x", 1024),
		strings.Repeat("€", 1000):   strings.Repeat("€", 341),
		strings.Repeat("\x00", 999): strings.Repeat("�", 341),
	} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, text)
		})
		got := send(t, r.sender(t), r.endpoint(), webhook.Failed).Answer
		equal(t, fmt.Sprintf("answer %.20q", text), got, want)
		if len(got) > webhook.MaxAnswer || !utf8.ValidString(got) {
			t.Errorf("%q has %d bytes", got, len(got))
		}
	}
}

// Compressed bytes stay what they are, and are not asked for.
func TestAnswerIsNotUnpacked(t *testing.T) {
	t.Parallel()
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, "\x1f\x8b")
	})
	equal(t, "answer", send(t, r.sender(t), r.endpoint(), webhook.Delivered).Answer, "��")
	if h := r.requests()[0].header; h["Accept-Encoding"] != nil || h["Content-Encoding"] != nil {
		t.Errorf("the header is %q", h)
	}
}

// A response that does not end changes nothing about its status.
func TestAnswerWithoutEnd(t *testing.T) {
	t.Parallel()
	r := receive(t, func(w http.ResponseWriter, in *http.Request) {
		_, _ = io.WriteString(w, "well")
		_ = http.NewResponseController(w).Flush()
		<-in.Context().Done()
	})
	s := sender(t, webhook.Options{AllowPrivate: true, RootCAs: r.roots(), Timeout: 300 * time.Millisecond})
	equal(t, "answer", send(t, s, r.endpoint(), webhook.Delivered).Answer, "well")
}
