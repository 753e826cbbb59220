package main

import (
	"net"
	"sync"
	"testing"
)

// link is a TCP proxy on the way to an address, which can be cut: then nothing comes
// through, and neither side learns of it.
type link struct {
	listener net.Listener
	target   string
	relaying sync.WaitGroup

	mu     sync.Mutex
	healed chan struct{} // closed unless the link is cut
	conns  map[net.Conn]struct{}
	ended  bool
}

func newLink(t testing.TB, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target, healed: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(l.healed)
	l.relaying.Go(l.accept)
	t.Cleanup(l.end)
	return l
}

func (l *link) addr() string { return l.listener.Addr().String() }

func (l *link) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		if !l.add(near) {
			return
		}
		l.relaying.Go(func() { l.relay(near) })
	}
}

// add notes a connection, so that it can be closed. It reports false if the link has ended.
func (l *link) add(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		conn.Close()
		return false
	}
	l.conns[conn] = struct{}{}
	return true
}

func (l *link) relay(near net.Conn) {
	defer near.Close()
	l.pass()
	far, err := net.Dial("tcp", l.target)
	if err != nil || !l.add(far) {
		return
	}
	defer far.Close()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			defer near.Close()
			defer far.Close()
			buffer := make([]byte, 64<<10)
			for {
				n, err := way[0].Read(buffer)
				l.pass()
				if n > 0 {
					if _, err := way[1].Write(buffer[:n]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		})
	}
	both.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, near)
	delete(l.conns, far)
}

// connections returns how many connections go through the link.
func (l *link) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// pass waits until the link is not cut.
func (l *link) pass() {
	l.mu.Lock()
	healed := l.healed
	l.mu.Unlock()
	<-healed
}

func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.healed:
		l.healed = make(chan struct{})
	default:
	}
}

// heal lets new connections through. The old ones are lost, as they are when a real network has
// been cut for long.
func (l *link) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.healed:
		return
	default:
	}
	for conn := range l.conns {
		conn.Close()
	}
	l.conns = map[net.Conn]struct{}{}
	close(l.healed)
}

func (l *link) end() {
	l.mu.Lock()
	l.ended = true
	for conn := range l.conns {
		conn.Close()
	}
	l.mu.Unlock()
	l.listener.Close()
	l.heal()
	l.relaying.Wait()
}
