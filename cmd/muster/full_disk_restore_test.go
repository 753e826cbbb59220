package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// TestRestoreOnFullDisk restores a log, and the disk gets full. The error names the disk: JetStream says
// nothing of it.
func TestRestoreOnFullDisk(t *testing.T) {
	t.Parallel()
	from, top := t.TempDir(), onTmpfs(t)
	p := serving(t, from, "--partitions", "1", nativeOnly)
	p.api.found()
	p.stop()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	s, err := store.Open(t.Context(), store.Options{Dir: from, ReadOnly: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	end, err := s.Partitions[0].Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := store.OpenRestore(t.Context(), store.Options{Dir: filepath.Join(top, "data"), Logger: quiet}, s.Log(), []wire.Checkpoint{end}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	fill(t, filepath.Join(top, "filler"))
	err = r.Fill(t.Context(), 0, func(ctx context.Context, use func(wire.Envelope) error) error {
		return s.Partitions[0].Stored(ctx, wire.Checkpoint{}, end, func(e wire.Envelope, _ wire.Message) error { return use(e) })
	}, nil)
	if !errors.Is(err, store.ErrDisk) || !strings.Contains(err.Error(), "the disk is full") || !strings.Contains(err.Error(), top) {
		t.Errorf("on a full disk: %v", err)
	}
}
