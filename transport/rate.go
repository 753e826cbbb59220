package transport

import (
	"math"
	"net/http"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// maxBuckets bounds how many tokens are told apart at a time.
const maxBuckets = 10_000

// rateLimit bounds how many requests each token makes: a bucket that holds as many
// as a second gives, so that none of a second's are lost to their order.
type rateLimit struct {
	perSecond int // 0: no bound
	buckets   *lru.Cache[identity, *rate.Limiter]
}

func newRateLimit(perSecond int) *rateLimit {
	return &rateLimit{perSecond: perSecond, buckets: newMemory[identity, *rate.Limiter](maxBuckets)}
}

// admit takes a request out of the token's bucket, says in the headers what is left
// in it, and refuses when there was nothing.
func (l *rateLimit) admit(h http.Header, who identity, at time.Time) error {
	if l.perSecond == 0 {
		return nil
	}
	bucket := l.bucket(who)
	allowed := bucket.AllowN(at, 1)
	left := math.Max(bucket.TokensAt(at), 0)
	perSecond := float64(l.perSecond)
	full := math.Ceil((perSecond - left) / perSecond)
	// As the contract writes them, which is not how Go would.
	h["X-RateLimit-Limit"] = []string{strconv.Itoa(l.perSecond)}
	h["X-RateLimit-Remaining"] = []string{strconv.Itoa(int(left))}
	h["X-RateLimit-Reset"] = []string{strconv.Itoa(int(full))}
	if allowed {
		return nil
	}
	wait := math.Max(math.Ceil((1-left)/perSecond), 1)
	return rateLimited.problem("the token may make "+strconv.Itoa(l.perSecond)+" requests a second; Retry-After says when to go on").
		with("Retry-After", strconv.Itoa(int(wait)))
}

// bucket is the token's. One that was forgotten begins anew, full.
func (l *rateLimit) bucket(who identity) *rate.Limiter {
	if bucket, ok := l.buckets.Get(who); ok {
		return bucket
	}
	bucket := rate.NewLimiter(rate.Limit(l.perSecond), l.perSecond)
	if another, ok, _ := l.buckets.PeekOrAdd(who, bucket); ok {
		return another // of a request that came at the same time
	}
	return bucket
}

// rateHeaders document what [rateLimit.admit] says.
var rateHeaders = map[string]string{
	"X-RateLimit-Limit":     "How many requests the token may make a second; when the service has a limit.",
	"X-RateLimit-Remaining": "How many of them are left now.",
	"X-RateLimit-Reset":     "In how many seconds all of them are there again.",
}
