package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// restoreFile is there from the beginning of a restore to its end. It has the marker that the
// directory will have. The marker itself is written shortly before the end.
const restoreFile = "restore.json"

// beginFiles makes the data directory, and starts a server in it that flushes nothing, because
// the whole store is flushed at the end.
func (r *Restore) beginFiles(ctx context.Context, path string, again bool) error {
	s := r.store
	if path == "" {
		return errors.New("a data directory is needed (--data)")
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	lock, err := lockEmpty(path, again)
	if err != nil {
		return err
	}
	s.dir = &directory{path, lock}
	removeFiles(path, beginning)
	if again {
		if err := r.empty(); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(s.marker, "", "  ")
	if err != nil {
		return err
	}
	if err := WriteFile(s.dir.file(restoreFile), append(text, '\n'), 0o600); err != nil {
		return err
	}
	if err := syncDirectory(filepath.Dir(filepath.Clean(path))); err != nil {
		return err
	}
	if s.mark, err = openHighWater(s.dir.file(highWaterFile), false, s.logger); err != nil {
		return err
	}
	if err := r.serve(ctx); err != nil {
		return err
	}
	for p := range r.ends {
		if _, err := makeStream(ctx, s.JS, s.marker.logConfig(p, 1)); err != nil {
			return r.explained(fmt.Errorf("making %s: %w", logStream(p), err))
		}
	}
	return nil
}

// lockEmpty locks the directory, in which there must be nothing, or only what an interrupted
// restore has left. A file that somebody else has put there is never removed.
func lockEmpty(path string, again bool) (*flock.Flock, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("reading the data directory: %w", err)
	}
	unfinished, err := exists(filepath.Join(path, restoreFile))
	if err != nil {
		return nil, err
	}
	if unfinished && !again {
		return nil, fmt.Errorf("%s: %w", path, ErrRestoreUnfinished)
	}
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == "lost+found" || beginning(name):
		case name == lockFile && begun(entries): // another restore was killed before it had begun
		case !unfinished || !isOwn(name) && name != markerFile:
			return nil, fmt.Errorf("%s: %w: it has %q; name an empty directory or a new one (--data)", path, ErrNotEmpty, name)
		}
	}
	lock := flock.New(filepath.Join(path, lockFile), flock.SetPermissions(0o600))
	switch taken, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("locking the data directory: %w", err)
	case !taken:
		return nil, fmt.Errorf("%s: %w", path, ErrDirectoryInUse)
	}
	return lock, nil
}

// beginning reports whether the name is that of the first file of a restore, before it was whole.
func beginning(name string) bool { return strings.HasPrefix(name, "."+restoreFile) && isOwn(name) }

// begun reports whether a directory has nothing but what a restore makes at first.
func begun(entries []fs.DirEntry) bool {
	return !slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.Name() != lockFile && e.Name() != "lost+found" && !beginning(e.Name())
	})
}

// empty removes what an interrupted restore has left. The file that says so is removed last.
func (r *Restore) empty() error {
	d := r.store.dir
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return fmt.Errorf("reading the data directory: %w", err)
	}
	if unfinished, err := exists(d.file(restoreFile)); err != nil || !unfinished {
		return err
	}
	r.told(d.path)
	for _, entry := range entries {
		switch name := entry.Name(); name {
		case lockFile, restoreFile, "lost+found":
		default:
			if err := os.RemoveAll(d.file(name)); err != nil {
				return fmt.Errorf("removing what an interrupted restore has left: %w", err)
			}
		}
	}
	if err := os.Remove(d.file(restoreFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDirectory(d.path)
}

// serve starts the server, and connects to it.
func (r *Restore) serve(ctx context.Context) error {
	s := r.store
	srv, err := server.NewServer(&server.Options{
		ServerName: embeddedName, JetStream: true, StoreDir: s.dir.file(jetstreamDir), DontListen: true, NoSigs: true,
		MaxPayload: 2 * maxMessage, JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 64 << 20,
	})
	if err != nil {
		return fmt.Errorf("configuring the embedded JetStream: %w", err)
	}
	log := newServerLog(s.logger, func(error) {})
	srv.SetLoggerV2(log, false, false, false)
	srv.Start()
	r.stop = func() { stopServer(srv) }
	if err := started(ctx, srv, log); err != nil {
		return err
	}
	if s.Conn, err = nats.Connect("", nats.InProcessServer(srv), nats.Name("muster restore")); err != nil {
		return fmt.Errorf("connecting to the embedded JetStream: %w", err)
	}
	s.replicas = 1
	s.JS, err = jetstream.New(s.Conn, jetstream.WithDefaultTimeout(CallTimeout))
	return err
}

// finishFiles stops the server, flushes everything and writes the marker.
func (r *Restore) finishFiles() error {
	s := r.store
	s.Conn.Close()
	s.Conn = nil
	r.stop()
	r.stop = func() {}
	for _, end := range r.ends {
		if end.Message > 0 {
			s.mark.set(end)
		}
	}
	if err := s.mark.write(); err != nil {
		return err
	}
	if err := syncTree(s.dir.path); err != nil {
		return fmt.Errorf("flushing what was restored: %w", err)
	}
	if err := s.dir.bind(s.marker); err != nil {
		return err
	}
	if err := os.Remove(s.dir.file(restoreFile)); err != nil {
		return fmt.Errorf("finishing the restore: %w", err)
	}
	return syncDirectory(s.dir.path)
}
