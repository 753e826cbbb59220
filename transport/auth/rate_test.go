package auth

import (
	"errors"
	"testing"
	"time"
)

func TestRates(t *testing.T) {
	rates, now := NewRates(3), time.Now()
	admit := func(who Identity, want Allowance, wait time.Duration) {
		t.Helper()
		got, err := rates.Admit(who, now)
		var refused *RateLimitedError
		if errors.As(err, &refused) && (!errors.Is(err, ErrRateLimited) || refused.Limit != 3) {
			t.Errorf("%v", err)
		}
		if got != want || (refused != nil) != (wait > 0) || refused != nil && refused.Wait != wait {
			t.Errorf("%+v, %+v; want %+v and %v to wait", got, err, want, wait)
		}
	}
	one, another := Identity{1}, Identity{2}
	for _, remaining := range []int{2, 1, 0} {
		admit(one, Allowance{3, remaining, 1}, 0)
	}
	admit(one, Allowance{3, 0, 1}, time.Second)
	admit(another, Allowance{3, 2, 1}, 0)
	now = now.Add(400 * time.Millisecond)
	admit(one, Allowance{3, 0, 1}, 0)
	admit(one, Allowance{3, 0, 1}, time.Second)
	now = now.Add(time.Second)
	admit(one, Allowance{3, 2, 1}, 0)
	if got, err := NewRates(0).Admit(one, now); err != nil || got != (Allowance{}) {
		t.Errorf("without a limit: %+v, %v", got, err)
	}
}

func TestRatesAreBounded(t *testing.T) {
	r := NewRates(1)
	for i := range maxBuckets + 10 {
		r.bucket(Identity{byte(i), byte(i >> 8)})
	}
	if got := r.buckets.Len(); got != maxBuckets {
		t.Errorf("%d buckets", got)
	}
}
