package credentials

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
)

func TestParseKeys(t *testing.T) {
	account, curve, user := seed(nkeys.CreateAccount()), seed(nkeys.CreateCurveKeys()), seed(nkeys.CreateUser())
	for _, c := range []struct{ text, want string }{
		{account, ""},
		{"# of NATS\n\n  " + account + " \r\n" + curve + "\n", ""},
		{"", "there is no seed of an account"},
		{curve, "there is no seed of an account"},
		{user, "of kind user"},
		{account + "\n" + user, "of kind user"},
		{account + "\n" + account, "two seeds of the same kind"},
		{account + "\n" + curve + "\n" + curve, "two seeds of the same kind"},
		{"secret words", "a line is not a seed"},
		{account[:20], "a line is not a seed"},
	} {
		k, err := ParseKeys([]byte(c.text))
		switch {
		case c.want == "" && (err != nil || !strings.HasPrefix(k.Issuer(), "A") || (k.curve != nil) != strings.Contains(c.text, curve)):
			t.Errorf("%q: %v", c.text, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: %v", c.text, err)
		case err != nil && (strings.Contains(err.Error(), "secret words") || strings.Contains(err.Error(), account[:10])):
			t.Errorf("the error shows a seed: %v", err)
		}
	}
}

func seed(pair nkeys.KeyPair, err error) string {
	if err != nil {
		panic(err)
	}
	s, err := pair.Seed()
	if err != nil {
		panic(err)
	}
	return string(s)
}

func TestPublicURLs(t *testing.T) {
	got := PublicURLs("nats://muster:secret@one:4222, two:4222,tls://token@three:4222,")
	if want := []string{"nats://one:4222", "nats://two:4222", "tls://three:4222"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

// The time at which credentials end is a whole second in the future. It is not after the time
// that was asked for, unless that is less than a second away.
func TestTimesOfExpiry(t *testing.T) {
	now := time.Date(2026, 3, 5, 23, 9, 47, 900e6, time.UTC)
	for _, c := range []struct {
		lasts, until time.Duration // until: 0 for ever
		want         int           // second of the minute
	}{
		{10 * time.Second, 0, 57},
		{10 * time.Second, time.Hour, 57},
		{10 * time.Second, 5 * time.Second, 52},
		{10 * time.Second, time.Millisecond, 48},
		{time.Millisecond, 0, 48},
	} {
		var until time.Time
		if c.until > 0 {
			until = now.Add(c.until)
		}
		if got := expiry(now, c.lasts, until); got.Second() != c.want || got.Nanosecond() != 0 {
			t.Errorf("%s, %s: %s", c.lasts, c.until, got)
		}
	}
}
