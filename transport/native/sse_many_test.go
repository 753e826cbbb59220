package native

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// follower reads a stream over a connection of its own. In HTTP/1.0 there are no chunks.
func (s *service) follower(token, path string) (net.Conn, *bufio.Scanner, error) {
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", s.Listener.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n", path, token); err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "retry: ") { // the stream is open
			return conn, lines, nil
		}
	}
	return nil, nil, errors.Join(errors.New("there is no stream"), conn.Close())
}

// receive reads so many events and returns their ids.
func receive(lines *bufio.Scanner, count int) (ids []string) {
	for len(ids) < count && lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// crowd opens streams of the organization. The function returns when all of them have
// received that many events, and returns their ids.
func (s *service) crowd(t testing.TB, token, org string, followers, events int) (received func() [][]string) {
	t.Helper()
	got := make([][]string, followers)
	var reading sync.WaitGroup
	for i := range got {
		conn, lines, err := s.follower(token, "/v1/organizations/"+org+"/events?after=latest")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		reading.Go(func() { got[i] = receive(lines, events) })
	}
	return func() [][]string { reading.Wait(); return got }
}

// Many followers of an organization get all of its events, in order and each of them once,
// while others are written. Followers of other organizations get none of them.
func TestManyFollowers(t *testing.T) {
	s := start(t, t.TempDir())
	x, other := s.tenant("Acme"), s.tenant("Other")
	const followers, writers, each = 200, 4, 25
	received := s.crowd(t, x.token, x.org, followers, writers*each)
	others := s.crowd(t, other.token, other.org, 20, 1)
	written := make([]string, writers*each)
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				written[w*each+i] = s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(http.StatusCreated).header.Get("Muster-Position")
			}
		})
	}
	writing.Wait()
	slices.SortFunc(written, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }) // by their numbers
	for i, ids := range received() {
		if !slices.Equal(ids, written) {
			t.Fatalf("follower %d got %d events of %d, or in another order:\n%v\n%v", i, len(ids), len(written), ids, written)
		}
	}
	last := s.as(other.token, "PUT", "/v1/workspaces/"+other.ws+"/members/"+newText(), `{"role":"viewer"}`).want(http.StatusCreated).header.Get("Muster-Position")
	for i, ids := range others() {
		if !slices.Equal(ids, []string{last}) {
			t.Errorf("follower %d of the other organization got %v, not %s", i, ids, last)
		}
	}
}

// BenchmarkFollowers measures an event of an organization with so many followers, until all
// of them have received it.
func BenchmarkFollowers(b *testing.B) {
	for _, followers := range []int{1, 1000} {
		b.Run(fmt.Sprintf("followers=%d", followers), func(b *testing.B) {
			s := start(b, b.TempDir())
			x := s.tenant("Acme")
			received := s.crowd(b, x.token, x.org, followers, b.N)
			b.ResetTimer()
			for range b.N {
				s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(http.StatusCreated)
			}
			received()
		})
	}
}
