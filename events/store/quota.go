package store

import "time"

const (
	// quotaTime is how long a quota is for, from the first line on.
	quotaTime = time.Minute
	// quotaLines is how many lines of a kind are logged in that time.
	quotaLines = 10
	// maxKinds is how many kinds have a quota of their own at the same time. Any others
	// share one, but never what says that a stream could not be written.
	maxKinds = 64
)

// otherKinds are the words of the kind that those share which have no quota of their own.
const otherKinds = "others"

// quotas bound how much is logged of each kind of line. Clients can make the server complain
// as often as they like, also before they have logged in, and the log must neither fill the
// disk nor hide what else the server has to say.
type quotas struct {
	kinds   map[kind]*quota
	leftOut func(of kind, lines int) // called after a quota that was exceeded
	lock    func(func())             // calls a function that uses the quotas
}

// quota is how much has been logged of one kind.
type quota struct {
	begun   time.Time
	lines   int
	leftOut int
	end     *time.Timer // ends the quota; nil unless a line was left out
}

// take reports whether a line of the kind is to be logged.
func (q *quotas) take(of kind) bool {
	now := time.Now()
	k := q.kinds[of]
	if k == nil && !of.writing && len(q.kinds) >= maxKinds {
		if q.forget(now); len(q.kinds) >= maxKinds {
			of = kind{level: of.level, words: otherKinds}
			k = q.kinds[of]
		}
	}
	if k != nil && now.Sub(k.begun) >= quotaTime {
		q.end(of, k)
		k = nil
	}
	if k == nil {
		k = &quota{begun: now}
		q.kinds[of] = k
	}
	if k.lines < quotaLines {
		k.lines++
		return true
	}
	if k.leftOut++; k.leftOut == 1 {
		k.end = time.AfterFunc(k.begun.Add(quotaTime).Sub(now), func() {
			q.lock(func() { q.end(of, k) })
		})
	}
	return false
}

// forget removes the quotas whose time is over.
func (q *quotas) forget(now time.Time) {
	for of, k := range q.kinds {
		if now.Sub(k.begun) >= quotaTime {
			q.end(of, k)
		}
	}
}

// end ends a quota, unless it has ended, and tells how many lines were left out.
func (q *quotas) end(of kind, k *quota) {
	if q.kinds[of] != k {
		return
	}
	delete(q.kinds, of)
	if k.leftOut > 0 {
		k.end.Stop()
		q.leftOut(of, k.leftOut)
	}
}

// close ends all quotas.
func (q *quotas) close() {
	for of, k := range q.kinds {
		q.end(of, k)
	}
}
