package webhook

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/muster-dev/muster/events/subscription"
)

// MaxAnswer is how much of a response's body is read, in bytes: as much as is kept.
const MaxAnswer = subscription.MostAnswer

// MaxRetryAfter bounds how long a receiver can ask to be left alone.
const MaxRetryAfter = subscription.LongestRetryAfter

// read notes the response. Its status decides, whether or not the body can be read.
func (s *Sender) read(answer *http.Response, r *Result) {
	r.Status = answer.StatusCode
	switch {
	case r.Status >= 200 && r.Status <= 299:
		r.Outcome = Delivered
	case r.Status == http.StatusGone:
		r.Outcome, r.Error = Gone, "the receiver answered 410: it wants no more events"
	case r.Status >= 300 && r.Status <= 399:
		r.Error = fmt.Sprintf("the receiver answered %s: redirects are not followed", status(r.Status))
	default:
		r.Error = "the receiver answered " + status(r.Status)
	}
	if r.Outcome == Failed {
		r.RetryAfter = retryAfter(answer.Header.Values("Retry-After"), s.options.Now())
	}
	if r.Status == http.StatusSwitchingProtocols {
		return // what follows is not a body
	}
	// Reading on to the end lets the connection be used again.
	b, _ := io.ReadAll(io.LimitReader(answer.Body, MaxAnswer+1))
	r.Answer = clean(b)
}

// status returns the number with its usual name, if it has one.
func status(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}

// retryAfter reads a number of seconds or an HTTP date. It returns 0 for everything else,
// and for what is past.
func retryAfter(values []string, now time.Time) time.Duration {
	if len(values) != 1 {
		return 0
	}
	value := strings.TrimSpace(values[0])
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseUint(value, 10, 64)
		if err != nil || seconds > uint64(MaxRetryAfter/time.Second) { // err: out of range
			return MaxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), MaxRetryAfter)
}

// clean makes the beginning of a response a text that can be shown and stored.
func clean(b []byte) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(string(b), string(utf8.RuneError)))
	for len(s) > MaxAnswer {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
