package events

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/muster-dev/muster/domain"
)

// BenchmarkAppend measures durable commands, decided and appended, for a number of
// concurrent callers. Its floor is a file that is flushed after each record.
func BenchmarkAppend(b *testing.B) {
	b.Run("floor/fsync", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "file"))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		record := make([]byte, 512)
		for b.Loop() {
			if _, err := f.Write(record); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "flushes/s")
	})
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			n := start(b, Options{Dir: b.TempDir(), Partitions: 4})
			a := found(b, n)
			_, before, _ := n.Size(b.Context())
			commands := make([]domain.AddMember, b.N)
			for i := range commands {
				commands[i] = a.add()
			}
			b.ResetTimer()
			var wg sync.WaitGroup
			for c := range callers {
				wg.Go(func() {
					for i := c; i < b.N; i += callers {
						if _, err := n.Run(context.Background(), commands[i]); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			_, after, _ := n.Size(b.Context())
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
			b.ReportMetric(float64(after-before)/float64(b.N), "flushes/command")
		})
	}
}
