package backup

import (
	"context"
	"errors"
	"testing"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// A restore that is interrupted at any moment leaves nothing that can be opened, and another one
// begins again: in a directory, and on a server.
func TestInterrupted(t *testing.T) {
	s, _ := open(t, store.Options{Dir: t.TempDir(), Partitions: 2})
	write(t, s.Partitions[0], 30)
	write(t, s.Partitions[1], 30)
	note(t, s, "muster.cursors.one")
	wanted := tips(t, s)
	a := whole(t, saved(t, s, Options{}))
	places := map[string]store.Options{"directory": {Dir: t.TempDir(), Logger: quiet()}, "server": {URL: natstest.Outside(t), Logger: quiet()}}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			opened := place
			if place.Dir == "" {
				opened.Dir = t.TempDir()
			}
			again := false
			for _, at := range []string{"restoring the log", "verifying what was restored"} {
				for _, after := range []uint64{0, 1} {
					ctx, cancel := context.WithCancel(t.Context())
					o := RestoreOptions{Again: again, Progress: func(what string) func(done, of uint64) {
						return func(done, _ uint64) {
							if what == at && done >= after {
								cancel()
							}
						}
					}}
					if err := a.Restore(ctx, place, o); err == nil {
						t.Fatalf("%s: it was not interrupted", at)
					}
					cancel()
					again = true
					if _, err := store.Open(t.Context(), opened); !errors.Is(err, store.ErrRestoreUnfinished) {
						t.Errorf("%s: it is opened: %v", at, err)
					}
					if err := a.Restore(t.Context(), place, RestoreOptions{}); !errors.Is(err, store.ErrRestoreUnfinished) {
						t.Errorf("%s: another restore goes on there: %v", at, err)
					}
				}
			}
			if err := a.Restore(t.Context(), place, RestoreOptions{Again: true}); err != nil {
				t.Fatal(err)
			}
			for _, again := range []bool{false, true} {
				if err := a.Restore(t.Context(), place, RestoreOptions{Again: again}); !errors.Is(err, store.ErrNotEmpty) {
					t.Errorf("restoring twice: %v", err)
				}
			}
			restored, _ := open(t, opened)
			for i, got := range tips(t, restored) {
				if got != wanted[i] {
					t.Errorf("partition %d ends with %+v, not with %+v", i, got, wanted[i])
				}
			}
			write(t, restored.Partitions[0], 1)
		})
	}
}
