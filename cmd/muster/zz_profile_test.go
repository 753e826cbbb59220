package main

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"
	"syscall"
)

func TestZZProfile(t *testing.T) {
	b := &bench{each: 4 * time.Second}
	ctx := context.Background()
	var err error
	b.node, err = openNode(ctx, settings{data: t.TempDir(), partitions: 4}, slog.New(slog.DiscardHandler), io.Discard)
	if err != nil { t.Fatal(err) }
	defer b.node.close()
	if err := b.node.start(ctx); err != nil { t.Fatal(err) }
	stop, err := b.serve(slog.New(slog.DiscardHandler))
	if err != nil { t.Fatal(err) }
	defer stop()
	if err := b.fill(ctx); err != nil { t.Fatal(err) }
	for _, l := range b.lines(t.TempDir()) {
		if l.callers == 64 && l.what == "add member" || l.what == floorFlush {
			var u0, u1 syscall.Rusage
			syscall.Getrusage(0, &u0)
			if err := b.measure(ctx, l); err != nil { t.Fatal(err) }
			syscall.Getrusage(0, &u1)
			dump(t, b)
			m := b.results[len(b.results)-1]
			cpu := time.Duration(u1.Utime.Nano()+u1.Stime.Nano()-u0.Utime.Nano()-u0.Stime.Nano())
			t.Logf("%s %.0f/s p50 %v flushes %.3f; cpu %v = %v each", m.What, m.PerSecond, m.P50, m.Flushes, cpu, cpu/time.Duration(m.PerSecond*4))
		}
	}
}

func dump(t *testing.T, b *bench) {
	families, _ := b.node.metrics.Gather()
	for _, f := range families {
		for _, m := range f.Metric {
			if h := m.Histogram; h != nil && h.GetSampleCount() > 0 {
				t.Logf("%s %d, mean %.6f", f.GetName(), h.GetSampleCount(), h.GetSampleSum()/float64(h.GetSampleCount()))
			}
		}
	}
}
