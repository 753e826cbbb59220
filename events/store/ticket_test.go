package store

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A ticket is taken once, by whoever comes first.
func TestTickets(t *testing.T) {
	s, _ := start(t, t.TempDir())
	if _, err := s.TakeTicket(t.Context(), "a"); !errors.Is(err, ErrNoTicket) {
		t.Errorf("before there was any ticket: %v", err)
	}
	content := bytes.Repeat([]byte("x"), MaxTicket)
	if err := s.KeepTicket(t.Context(), "a", content); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepTicket(t.Context(), "a", []byte("another")); err == nil {
		t.Error("a second ticket was kept at the same place")
	}
	if _, err := s.TakeTicket(t.Context(), "b"); !errors.Is(err, ErrNoTicket) {
		t.Errorf("at another place: %v", err)
	}
	var taken atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			got, err := s.TakeTicket(t.Context(), "a")
			switch {
			case err == nil && bytes.Equal(got, content):
				taken.Add(1)
			case !errors.Is(err, ErrNoTicket):
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	all.Wait()
	if n := taken.Load(); n != 1 {
		t.Errorf("the ticket was taken %d times", n)
	}
	if err := s.KeepTicket(t.Context(), "a", content); err == nil {
		t.Error("a ticket was kept where another one was taken")
	}
}

// Tickets do not outlast their time, nor a start of the server.
func TestTicketsVanish(t *testing.T) {
	dir := t.TempDir()
	s, end := start(t, dir)
	if err := s.KeepTicket(t.Context(), "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	config := s.marker.ticketConfig(1)
	config.MaxAge = 100 * time.Millisecond // the least that JetStream takes
	if _, err := s.JS.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	stream, err := s.JS.Stream(t.Context(), ticketStream)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		info, err := stream.Info(t.Context())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the ticket is still there, %v", err)
		}
		if info.State.Msgs == 0 {
			break
		}
	}
	if _, err := s.TakeTicket(t.Context(), "a"); !errors.Is(err, ErrNoTicket) {
		t.Errorf("after its time: %v", err)
	}
	if err := s.KeepTicket(t.Context(), "b", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	s, _ = start(t, dir)
	if _, err := s.TakeTicket(t.Context(), "b"); !errors.Is(err, ErrNoTicket) {
		t.Errorf("after a start: %v", err)
	}
}

// When there is no room, that is said, and there is room again when tickets have vanished.
func TestTicketsAreBounded(t *testing.T) {
	s, _ := start(t, t.TempDir())
	content := bytes.Repeat([]byte("x"), MaxTicket)
	kept := 0
	var err error
	for ; kept*MaxTicket < 2*maxTickets; kept++ {
		if err = s.KeepTicket(t.Context(), "a"+string(rune('a'+kept%26))+string(rune('a'+kept/26)), content); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrUnavailable) || kept < maxTickets/MaxTicket/2 {
		t.Errorf("after %d tickets: %v", kept, err)
	}
	// A ticket can be taken also when there is no room.
	if _, err := s.TakeTicket(t.Context(), "aaa"); err != nil {
		t.Error(err)
	}
	if err := s.KeepTicket(t.Context(), "b", content); err != nil {
		t.Errorf("a ticket was taken, and there is no room: %v", err)
	}
}
