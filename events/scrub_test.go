package events

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/highwayhash"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// damaged waits until the log is not ready any more, and returns why.
func damaged(t *testing.T, n *node) error {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		if err := n.Ready(t.Context()); err != nil {
			return err
		}
		select {
		case <-deadline:
			t.Fatal("the log is ready all the time")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// blockOf returns the path and the content of a partition's only block.
func blockOf(t *testing.T, dir string, partition int) (string, []byte) {
	t.Helper()
	path := filepath.Join(dir, "jetstream", "jetstream", "$G", "streams", fmt.Sprintf("MUSTER_LOG_%02d", partition), "msgs", "1.blk")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

// forge changes a byte of the data of the block's first message, and makes its hash right
// again.
func forge(block []byte, partition int) {
	length := binary.LittleEndian.Uint32(block) &^ (1 << 31)
	subject := int(binary.LittleEndian.Uint16(block[20:]))
	record := block[:length]
	record[length-8-3] ^= 1
	key := sha256.Sum256(fmt.Appendf(nil, "MUSTER_LOG_%02d-1", partition))
	h, _ := highwayhash.New64(key[:])
	h.Write(record[4:20])
	h.Write(record[22 : 22+subject])
	h.Write(record[22+subject+4 : length-8])
	copy(record[length-8:], h.Sum(nil))
}

// Damage that nobody meets is found while the service runs, wherever it is. Its partition
// takes no more commands and is not ready. It can still be read, and the other partition
// goes on.
func TestScrubFindsDamage(t *testing.T) {
	for name, harm := range map[string]func(block []byte, partition int) []byte{
		"a wrong bit in the first message": func(block []byte, _ int) []byte { block[100] ^= 4; return block },
		"a wrong bit in the last message":  func(block []byte, _ int) []byte { block[len(block)-50] ^= 4; return block },
		"a length is wrong":                func(block []byte, _ int) []byte { block[1] ^= 4; return block },
		"the last byte is missing":         func(block []byte, _ int) []byte { return block[:len(block)-1] },
		"the block is empty":               func([]byte, int) []byte { return nil },
		"a message was changed and hashed": func(block []byte, p int) []byte { forge(block, p); return block },
	} {
		t.Run(name, func(t *testing.T) {
			var logged lockedBuffer
			metrics := prometheus.NewRegistry()
			dir := t.TempDir()
			n := start(t, Options{
				Dir: dir, Metrics: metrics, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
				ScrubPause: time.Millisecond, ScrubRate: 1 << 30,
			})
			a := found(t, n)
			other := tenantOf(t, n, 1-n.Partition(a.org))
			for range 5 {
				must(t, n, a.add())
			}
			if err := n.WaitFor(t.Context(), must(t, n, a.add()).Position); err != nil {
				t.Fatal(err)
			}
			partition := n.Partition(a.org)
			path, content := blockOf(t, dir, partition)
			if err := os.WriteFile(path, harm(content, partition), 0o600); err != nil {
				t.Fatal(err)
			}
			err := damaged(t, n)
			if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), fmt.Sprintf("partition %d", partition)) || !strings.Contains(err.Error(), filepath.Dir(filepath.Dir(path))) {
				t.Errorf("not ready: %v", err)
			}
			if _, err := n.Run(t.Context(), a.add()); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("a command: %v", err)
			}
			must(t, n, other.add())
			if at := n.fold.Applied(partition); at == 0 {
				t.Error("nothing can be read")
			}
			if harmed, whole := metric(t, metrics, "muster_log_damaged", partition), metric(t, metrics, "muster_log_damaged", 1-partition); harmed != 1 || whole != 0 {
				t.Errorf("muster_log_damaged is %v for the damaged partition and %v for the other", harmed, whole)
			}
			if !strings.Contains(logged.String(), "the log is damaged") || !strings.Contains(logged.String(), filepath.Dir(filepath.Dir(path))) {
				t.Errorf("the log says nothing of it:\n%s", &logged)
			}
		})
	}
}

// metric returns the value of a metric, that of the partition if it has one for each.
func metric(t *testing.T, metrics *prometheus.Registry, name string, partition int) float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name && (len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() == strconv.Itoa(partition)) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// scrubbed waits until the scrub has read the whole log so often, and returns how many
// bytes that were.
func scrubbed(t *testing.T, metrics *prometheus.Registry, passes float64) (bytes float64) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for metric(t, metrics, "muster_scrub_passes_total", 0) < passes {
		if time.Now().After(deadline) {
			t.Fatal("the scrub does not go on")
		}
		time.Sleep(time.Millisecond)
	}
	return metric(t, metrics, "muster_scrub_bytes_total", 0)
}

// lockedBuffer is a buffer that can be written and read at once.
type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// tenantOf returns an organization in the partition.
func tenantOf(t *testing.T, n *node, partition int) tenant {
	t.Helper()
	for {
		if a := found(t, n); n.Partition(a.org) == partition {
			return a
		}
	}
}

// The scrub meets no damage in a log that is being written, in several blocks, neither of
// an embedded nor of an external server, and reads again and again.
func TestScrubWhileWriting(t *testing.T) {
	for name, test := range map[string]struct {
		Options
		members int // in a message
	}{
		"embedded": {Options{Dir: t.TempDir()}, 1000}, "external": {Options{Dir: t.TempDir(), URL: natstest.Outside(t)}, 50},
	} {
		t.Run(name, func(t *testing.T) {
			o := test.Options
			o.Partitions, o.ScrubPause, o.ScrubRate = 1, time.Millisecond, 1<<30
			metrics := prometheus.NewRegistry()
			o.Metrics = metrics
			n := start(t, o)
			a := found(t, n)
			for range 12 {
				must(t, n, a.batch(test.members, 200))
				must(t, n, a.add())
			}
			scrubbed(t, metrics, metric(t, metrics, "muster_scrub_passes_total", 0)+2)
			if err := n.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// The scrub finds damage on an external server, which a node that has followed the log
// before does not meet.
func TestScrubOfAnExternalLog(t *testing.T) {
	served, dir := t.TempDir(), t.TempDir()
	outside := natstest.OutsideIn(t, served)
	n := start(t, Options{Dir: dir, URL: outside.ClientURL(), Partitions: 1})
	a := found(t, n)
	var last Result
	for range 5 {
		last = must(t, n, a.add())
	}
	if err := n.fold.WaitFor(t.Context(), last.Position); err != nil {
		t.Fatal(err)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	natstest.Stop(outside)
	path := filepath.Join(served, "jetstream", "$G", "streams", "MUSTER_LOG_00", "msgs", "1.blk")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	forge(content, 0)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	url := natstest.OutsideIn(t, served).ClientURL()
	l, err := Open(t.Context(), Options{Dir: dir, URL: url, Partitions: 1, Logger: quiet(), ScrubPause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	following, unfollow := context.WithCancel(t.Context())
	followed := make(chan error, 1)
	go func() { followed <- l.Follow(following, slices.Clone(n.fold.applied), n.fold) }()
	defer func() {
		unfollow()
		if err := errors.Join(<-followed, l.Close()); err != nil {
			t.Error(err)
		}
	}()
	if err := l.Start(t.Context(), n.fold); err != nil {
		t.Fatal(err)
	}
	if err := damaged(t, &node{Log: l}); !strings.Contains(err.Error(), "message 2 does not continue the chain of message 1") {
		t.Error(err)
	}
}

// The scrub goes on where it was when the service ended, and begins again if that place is
// not in the log.
func TestScrubGoesOn(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 1})
	a := found(t, n)
	for range 8 {
		must(t, n, a.add())
	}
	last := must(t, n, a.add())
	if err := n.fold.WaitFor(t.Context(), last.Position); err != nil {
		t.Fatal(err)
	}
	all, messages, err := n.Size(t.Context())
	if err := errors.Join(err, n.end()); err != nil {
		t.Fatal(err)
	}
	for at, reads := range map[uint64]func(bytes uint64) bool{
		0:            func(bytes uint64) bool { return bytes == all },
		messages / 2: func(bytes uint64) bool { return bytes > all/4 && bytes < all*3/4 },
		messages + 5: func(bytes uint64) bool { return bytes == all },
	} {
		if err := store.WriteFile(filepath.Join(dir, "scrub.json"), fmt.Appendf(nil, `{"partitions":[%d]}`, at), 0o600); err != nil {
			t.Fatal(err)
		}
		metrics := prometheus.NewRegistry()
		n := start(t, Options{Dir: dir, Partitions: 1, Metrics: metrics})
		if bytes := uint64(scrubbed(t, metrics, 1)); !reads(bytes) {
			t.Errorf("from message %d of %d: the scrub reads %d bytes of %d", at, messages, bytes, all)
		}
		if err := n.end(); err != nil {
			t.Fatal(err)
		}
	}
}

// A scrub that is interrupted writes down how far it is.
func TestScrubIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 1})
	a := found(t, n)
	for range 4 {
		must(t, n, a.batch(1000, 200))
	}
	if err := n.fold.WaitFor(t.Context(), must(t, n, a.add()).Position); err != nil {
		t.Fatal(err)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "scrub.json")); err != nil {
		t.Fatal(err)
	}
	metrics := prometheus.NewRegistry()
	n = start(t, Options{Dir: dir, Partitions: 1, ScrubRate: 1 << 20, Metrics: metrics})
	for deadline := time.Now().Add(time.Minute); metric(t, metrics, "muster_scrub_bytes_total", 0) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the scrub does not begin")
		}
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	if last := n.store.Scrubbed()[0]; last == 0 || last >= 7 {
		t.Errorf("the scrub has come to message %d", last)
	}
}

// BenchmarkScrub measures what reading the log again costs, without its limit.
func BenchmarkScrub(b *testing.B) {
	for name, members := range map[string]int{"small messages": 1, "large messages": 500} {
		b.Run(name, func(b *testing.B) {
			n := start(b, Options{Dir: b.TempDir(), Partitions: 1, ScrubPause: time.Hour})
			a := found(b, n)
			for range 1000 / members {
				if _, err := n.Run(b.Context(), a.batch(members, 100)); err != nil {
					b.Fatal(err)
				}
			}
			tip, err := n.Tip(b.Context(), 0)
			if err == nil {
				err = n.fold.WaitFor(b.Context(), tip)
			}
			bytes, messages, err2 := n.Size(b.Context())
			if err := errors.Join(err, err2); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(bytes))
			b.ReportMetric(float64(messages), "messages")
			s := newScrub(n.Log, Options{ScrubRate: 1 << 40})
			s.last = make([]uint64, 1)
			for b.Loop() {
				s.pass()
			}
		})
	}
}
