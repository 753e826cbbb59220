package events

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
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

// empty is a snapshot of a log without events.
type empty struct{ *fold }

func (empty) Load(keys []domain.Key, into *domain.State) error {
	for _, k := range keys {
		into.Put(k, nil)
	}
	return nil
}

func (empty) Loadable(int) uint64 { return math.MaxUint64 }

// BenchmarkDecide measures what a writer does with commands that add new people and wait
// together, without what makes them durable.
func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct {
		name                string
		callers, operations int
	}{{"add", 64, 1}, {"batch", 32, 99}} {
		b.Run(c.name, func(b *testing.B) {
			metrics, err := newMetrics(nil)
			if err != nil {
				b.Fatal(err)
			}
			w := &writer{process: &process{clock: newClock(time.Now, quiet()), metrics: metrics, logger: quiet()}, held: newHeld(&store.Partition{})}
			w.held.snapshot = empty{newFold(1)}
			a := tenant{domain.OrganizationID(uuid.New()), domain.WorkspaceID(uuid.New()), domain.UserID(uuid.New())}
			decide := func(commands ...domain.Command) {
				for _, command := range commands {
					w.taken = append(w.taken, &request{ctx: b.Context(), command: command, answered: make(chan struct{})})
				}
				for len(w.taken) > 0 {
					w.decide()
					g := w.gathering
					w.gathering = nil
					g.seal()
					for i := range g.decided {
						if err := g.decided[i].err; err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			decide(a.begin()...)
			n := 0
			commands := make([]domain.Command, c.callers)
			for b.Loop() {
				b.StopTimer()
				for i := range commands {
					batch := domain.Batch{Meta: root(a.org), Workspace: a.ws, Operations: make([]domain.Command, c.operations)}
					for j := range batch.Operations {
						add, email := a.add(), fmt.Sprintf("%d@example.com", n)
						add.Meta, add.Profile = batch.Meta, &domain.ProfilePatch{Email: &email}
						batch.Operations[j] = add
						n++
					}
					if commands[i] = batch; c.operations == 1 {
						commands[i] = batch.Operations[0]
					}
				}
				b.StartTimer()
				decide(commands...)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/membership")
		})
	}
}
