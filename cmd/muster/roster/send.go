package roster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/muster-dev/muster/cmd/muster/roster/table"
)

// sending sends batches, several at a time. Their outcome is the same as if each had
// waited for the one before it, because a batch waits for those that it must follow.
type sending struct {
	commit func(context.Context, *batch) []failure
	most   int // batches on their way at a time
	show   func(read int64)

	mu      sync.Mutex
	changed sync.Cond // a batch has come back
	away    map[*batch]bool
	read    int64 // bytes of the file that have been dealt with
	failed  []failure
}

// failure is a range of lines that may have been imported or not, or that were not sent.
type failure struct {
	First  int    `json:"first_line"`
	Last   int    `json:"last_line,omitempty"` // 0 for the end of the file
	Detail string `json:"detail"`
}

// Error returns the failure in words.
func (f failure) Error() string {
	if f.Last == 0 {
		return fmt.Sprintf("from line %d on: %s", f.First, f.Detail)
	}
	return table.Range(f.First, f.Last) + ": " + f.Detail
}

var errNotSent = errors.New("these lines were not sent")

// failed returns the failure of the people's lines, none for nil.
func failed(people []*person, err error) []failure {
	if err == nil {
		return nil
	}
	return []failure{{people[0].first, people[len(people)-1].last, err.Error()}}
}

func newSending(most int, commit func(context.Context, *batch) []failure, show func(int64)) *sending {
	s := &sending{commit: commit, most: most, show: show, away: make(map[*batch]bool)}
	s.changed.L = &s.mu
	return s
}

// send sends a batch, as soon as it can. It returns false, without sending the batch, if
// one has failed or the context has ended.
func (s *sending) send(ctx context.Context, b *batch) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.mustWait(b) {
		s.changed.Wait()
	}
	var stopped error
	switch {
	case ctx.Err() != nil:
		stopped = errInterrupted
	case len(s.failed) > 0:
		stopped = errNotSent
	}
	if stopped != nil {
		s.failed = append(s.failed, failure{First: b.people[0].first, Detail: stopped.Error()})
		return false
	}
	s.away[b] = true
	go func() {
		wrong := s.commit(ctx, b)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.failed = append(s.failed, wrong...)
		if s.read = max(s.read, b.read); wrong == nil {
			s.show(s.read)
		}
		delete(s.away, b)
		s.changed.Broadcast()
	}()
	return true
}

func (s *sending) mustWait(b *batch) bool {
	if len(s.failed) > 0 {
		return false
	}
	if len(s.away) >= s.most {
		return true
	}
	for other := range s.away {
		if b.mustFollow(other) {
			return true
		}
	}
	return false
}

// wait waits for the batches that are on their way, and returns what has failed.
func (s *sending) wait() []failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.away) > 0 {
		s.changed.Wait()
	}
	return s.failed
}
