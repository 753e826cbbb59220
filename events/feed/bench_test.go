package feed

import (
	"testing"

	"github.com/muster-dev/muster/events/store"
)

// BenchmarkEvents measures reading history that is not in memory.
func BenchmarkEvents(b *testing.B) {
	n := start(b, store.Options{Dir: b.TempDir()})
	const messages, each = 50, 200
	for range messages {
		n.write(b, each)
	}
	n.seen(b)
	n.forget()
	for b.Loop() {
		if got := len(n.all(b, Filter{Organization: testOrg})); got != messages*each {
			b.Fatalf("%d events", got)
		}
	}
	b.ReportMetric(messages*each*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkEventAt measures reading one event that is not in memory.
func BenchmarkEventAt(b *testing.B) {
	n := start(b, store.Options{Dir: b.TempDir()})
	n.write(b, 1000)
	n.seen(b)
	n.forget()
	for b.Loop() {
		if _, err := n.EventAt(b.Context(), testOrg, 500); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPage measures one page of the feed's messages.
func BenchmarkPage(b *testing.B) {
	n := start(b, store.Options{Dir: b.TempDir()})
	n.write(b, 1000)
	n.seen(b)
	for b.Loop() {
		if page, err := n.store.FeedPage(b.Context(), 0, "", 100, pageSize); err != nil || len(page) == 0 {
			b.Fatalf("%d messages, %v", len(page), err)
		}
	}
}
