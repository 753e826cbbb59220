package credentials

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// A login is neither let in nor refused as long as nobody can tell who it is. An external server
// refuses it by itself then, but only after it has waited.
func TestNotKnownAtTheMoment(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.book.say(errors.New("the read models lag behind"))
		for _, right := range []string{password, "wrong"} {
			begun := time.Now()
			nc, err := nats.Connect(h.url, nats.UserInfo(h.own, right), nats.Timeout(patience))
			if err == nil {
				nc.Close()
			}
			_, external := h.door.(*Callout)
			if took := time.Since(begun); err == nil || took < time.Second || errors.Is(err, nats.ErrAuthorization) && !external {
				t.Errorf("%s: %v after %v", right, err, took)
			}
		}
		h.book.say(nil)
		h.subscriber(t, h.own, password)
	})
}

// A login with what another node has just written is let in, also if that is not known here yet.
func TestWrittenByAnotherNode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		added := uuid.NewString()
		h.book.mu.Lock()
		rotated := h.book.entries[h.own]
		rotated.Secret = Hash("next")
		h.book.late = map[string]Subscriber{h.own: rotated, added: {Stream: feed, Consumer: "x", Secret: Hash(password)}}
		h.book.mu.Unlock()
		h.subscriber(t, h.others, password)
		if n := h.book.times(); n != 0 {
			t.Errorf("a right login has caught up %d times", n)
		}
		h.subscriber(t, h.own, "next")
		h.subscriber(t, added, password)
		if n := h.book.times(); n != 1 {
			t.Errorf("it has caught up %d times", n)
		}
	})
}

// However many logins are wrong, they catch up together. Each waits for what begins after it.
func TestCatchUpTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int64
		c := newCatchUp(func() error {
			begun.Add(1)
			time.Sleep(time.Minute)
			return errors.New("in vain")
		}, time.Second)
		var logins sync.WaitGroup
		login := func(round int64) {
			logins.Go(func() {
				if err := c.wait(); err == nil || begun.Load() < round {
					t.Errorf("after round %d, and not %d: %v", begun.Load(), round, err)
				}
			})
		}
		login(1)
		synctest.Wait()
		for range 100 {
			login(2)
		}
		synctest.Wait()
		since := time.Now()
		logins.Wait()
		if took := time.Since(since); begun.Load() != 2 || took != 2*time.Minute+time.Second {
			t.Errorf("%d rounds in %v", begun.Load(), took)
		}
	})
}

// A login that takes long holds up no other one.
func TestLoginsBesideEachOther(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		asked, proceed := make(chan struct{}), make(chan struct{})
		var once sync.Once
		h.book.mu.Lock()
		h.book.asked = func(user string) {
			if user == h.own {
				once.Do(func() { close(asked) })
				<-proceed
			}
		}
		h.book.mu.Unlock()
		connected := make(chan error, 1)
		go func() {
			nc, err := nats.Connect(h.url, nats.UserInfo(h.own, password), nats.Timeout(patience))
			if err == nil {
				nc.Close()
			}
			connected <- err
		}()
		<-asked
		h.subscriber(t, h.others, password)
		close(proceed)
		if err := <-connected; err != nil {
			t.Error(err)
		}
	})
}
