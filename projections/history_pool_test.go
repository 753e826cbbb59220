package projections

import (
	"context"
	"testing"
	"time"
)

// However many lists of the past are being read, point reads of the past find a connection.
func TestPointReadsOfThePast(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	q, err := m.AsOf(t.Context(), h.tips[1].Position)
	if err != nil {
		t.Fatal(err)
	}
	for range readers() {
		c, err := q.lists.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer q.lists.Give(c)
	}
	read := make(chan error, 1)
	go func() {
		_, err := q.Organization(orgID(1))
		read <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	select {
	case err := <-read:
		if err != nil {
			t.Error(err)
		}
	case <-ctx.Done():
		t.Error("a point read waits for lists")
	}
}
