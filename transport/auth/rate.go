package auth

import (
	"math"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// maxBuckets is the number of bearers whose requests are counted at the same time.
const maxBuckets = 10_000

// Rates limits how many requests each bearer sends. Every identity has a bucket that
// holds the requests of one second, so a second's requests may come all at once. It is
// safe for concurrent use.
type Rates struct {
	perSecond int // 0: no limit
	buckets   *lru.Cache[Identity, *rate.Limiter]
}

// Allowance is what a bearer may still send. The zero allowance means that there is
// no limit.
type Allowance struct {
	// Limit is the number of requests that the bearer may send each second.
	Limit int
	// Remaining is how many requests are left now.
	Remaining int
	// Reset is in how many seconds all of them will be left again, rounded up.
	Reset int
}

// NewRates makes rates that allow that many requests a second for each identity. Zero
// means any number.
func NewRates(perSecond int) *Rates {
	return &Rates{perSecond: perSecond, buckets: newMemory[Identity, *rate.Limiter](maxBuckets)}
}

// Admit counts a request that came at that time, and returns what is left after it. If
// nothing was left before it, the error is a [RateLimitedError]. The allowance is right
// in that case, too.
func (r *Rates) Admit(who Identity, at time.Time) (Allowance, error) {
	if r.perSecond == 0 {
		return Allowance{}, nil
	}
	bucket := r.bucket(who)
	admitted := bucket.AllowN(at, 1)
	left, perSecond := math.Max(bucket.TokensAt(at), 0), float64(r.perSecond)
	allowance := Allowance{
		Limit: r.perSecond, Remaining: int(left),
		Reset: int(math.Ceil((perSecond - left) / perSecond)),
	}
	if admitted {
		return allowance, nil
	}
	wait := math.Max(math.Ceil((1-left)/perSecond), 1)
	return allowance, &RateLimitedError{Limit: r.perSecond, Wait: time.Duration(wait) * time.Second}
}

// bucket returns the bucket of the identity. A bucket that was forgotten starts full.
func (r *Rates) bucket(who Identity) *rate.Limiter {
	if bucket, ok := r.buckets.Get(who); ok {
		return bucket
	}
	bucket := rate.NewLimiter(rate.Limit(r.perSecond), r.perSecond)
	if another, ok, _ := r.buckets.PeekOrAdd(who, bucket); ok {
		return another // made by a request that came at the same time
	}
	return bucket
}
