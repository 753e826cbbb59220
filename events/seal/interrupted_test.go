package seal

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/muster-dev/muster/events/store"
)

// A copy that was interrupted is opened by nobody, and no copy is made within the log's own directory.
func TestInterruptedCopy(t *testing.T) {
	from, top := t.TempDir(), t.TempDir()
	write(t, from, func(*old) {})
	ctx, cancel := context.WithCancel(t.Context())
	o := Options{From: store.Options{Dir: from, ReadOnly: true, Logger: quiet}, To: filepath.Join(top, "copy"), Logger: quiet}
	o.Progress = func(string) (func(uint64, uint64), func()) {
		cancel()
		return func(uint64, uint64) {}, func() {}
	}
	if _, err := Copy(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{true, false} {
		if _, err := store.Open(t.Context(), store.Options{Dir: o.To + unfinished, ReadOnly: readOnly, Logger: quiet}); !errors.Is(err, store.ErrUnfinished) {
			t.Errorf("reading only is %v: %v", readOnly, err)
		}
	}
	o.Progress, o.To = nil, filepath.Join(from, "copy")
	if _, err := Copy(t.Context(), o); err == nil {
		t.Error("a copy was made in the data directory itself")
	}
	o.To = filepath.Join(top, "another")
	if _, err := Copy(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{Dir: o.To, ReadOnly: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
