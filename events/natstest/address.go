package natstest

import (
	"net"
	"os"
	"sync"
	"testing"
)

// Address returns an address of this machine that nothing listens on. No other call in this
// process returns it again.
//
// Its port is free, and stays so until it is used, because its IP address is this process's own:
// clients and the servers of other tests have the ports of 127.0.0.1. A machine that has only
// this one loopback address, as macOS has, gets a port of it, which somebody may take in the
// meantime.
func Address(t testing.TB) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp", net.JoinHostPort(ownIP().String(), "0"))
		if err != nil {
			l, err = net.Listen("tcp", "127.0.0.1:0")
		}
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		_ = l.Close()
		if _, again := returned.LoadOrStore(address, true); !again {
			return address
		}
	}
}

// returned holds the addresses that Address has returned.
var returned sync.Map

// ownIP returns a loopback address that no other process has: its last 22 bits are the process's
// id, which has no more on Linux.
func ownIP() net.IP {
	pid := os.Getpid()
	return net.IPv4(127, 128|byte(pid>>16&63), byte(pid>>8), byte(pid))
}
