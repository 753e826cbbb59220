package store

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// A new log is only made in a directory that is empty or Muster's own.
func TestForeignDirectory(t *testing.T) {
	for _, test := range []struct {
		name    string
		holds   []string
		refused string // what the error names
	}{
		{"empty", nil, ""},
		{"a file", []string{"notes.txt"}, `"notes.txt"`},
		{"a hidden file", []string{".profile"}, `".profile"`},
		{"a directory", []string{"src/"}, `"src"`},
		{"one of ours and another", []string{"lock", "notes.txt"}, `"notes.txt"`},
		{"a file with a similar name", []string{"root-token.txt"}, `"root-token.txt"`},
		{"what a first start leaves when it is killed", []string{"lock", "high-water", "jetstream/", ".muster.json123"}, ""},
		{"a directory that has lost its marker", []string{"lock", "read-models.db", "read-models.db-wal", "root-token", "nats-token", "demo.json"}, ""},
		{"the top of a file system", []string{"lost+found/"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range test.holds {
				if directory, ok := strings.CutSuffix(name, "/"); ok {
					if err := os.Mkdir(filepath.Join(dir, directory), 0o750); err != nil {
						t.Fatal(err)
					}
				} else if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d, err := openDirectory(dir, false)
			if test.refused == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := d.close(); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, ErrForeignDirectory) || !strings.Contains(err.Error(), test.refused) {
				t.Errorf("%v", err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != len(test.holds) {
				t.Errorf("the directory holds %v: %v", entries, err)
			}
		})
	}
}

// A start deletes what a process that was killed has left of files that it was writing, and
// nothing else.
func TestTemporaryFilesAreDeleted(t *testing.T) {
	dir := t.TempDir()
	_, end := start(t, dir)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	names := func() (names []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		return names
	}
	if err := os.WriteFile(filepath.Join(dir, ".notes"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := names()
	for _, name := range []string{
		".muster.json1", ".scrub.json12", ".nats-token3", ".high-water4", ".root-token5", ".demo.json6", ".probe7", ".feed-check-00.json8",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	(&directory{path: dir}).tidy()
	if after := names(); !slices.Equal(before, after) {
		t.Errorf("%v is left of %v", after, before)
	}
}

// JetStream takes a file that it was trying to write when the process was killed for an account
// that it does not know.
func TestStartAfterAKillWhileJetStreamTriesToWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]") // not a pattern
	_, end := start(t, dir)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, jetstreamDir, server.JetStreamStoreDir, trial+"123"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
}

// Things can lie beside the files of a data directory that has its marker.
func TestDirectoryWithMarkerHoldsOtherThings(t *testing.T) {
	dir := t.TempDir()
	_, end := start(t, dir)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
}

// A server that cannot start fails at once, with one error that says why, and logs
// nothing.
func TestServerDoesNotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, test := range []struct{ name, listen, blocked, want string }{
		{"the port is taken", taken.Addr().String(), "", "--nats-listen " + taken.Addr().String() + ": listen tcp " + taken.Addr().String() + ": bind: address already in use"},
		{"the store is a file", "", jetstreamDir, "the embedded JetStream does not start: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if test.blocked != "" {
				if err := os.WriteFile(filepath.Join(dir, test.blocked), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var logged strings.Builder
			_, err := Open(t.Context(), Options{
				Dir: dir, Partitions: 1, Listen: test.listen, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
			})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %v", err)
			}
			if logged.Len() > 0 {
				t.Errorf("logged: %s", &logged)
			}
		})
	}
}

// A server that starts is stopped when the context has ended.
func TestStartIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := startFailed(ctx, newServerLog(quiet(), nil), "somewhere"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Whoever waits for a server that accepts connections and says nothing can be interrupted.
func TestConnectingIsInterrupted(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, err := mute.Accept()
		cancel()
		if err == nil {
			accepted <- conn
		}
		close(accepted)
	}()
	_, err = connectOutside(ctx, Options{URL: "nats://" + mute.Addr().String(), Logger: quiet()}, func() {}, func() {})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if conn := <-accepted; conn != nil {
		_ = conn.Close() // so that the attempt that was abandoned ends
	}
	_ = mute.Close()
}

// The server's complaints at the start are logged when it has started, and those that
// come later at once.
func TestServerLog(t *testing.T) {
	var logged strings.Builder
	log := newServerLog(slog.New(slog.NewTextHandler(&logged, nil)), nil)
	log.Warnf("the disk is %s", "slow")
	log.Errorf("the disk is %s", "full")
	if logged.Len() > 0 || log.said() != ": the disk is slow; the disk is full" {
		t.Errorf("%q, %q", logged.String(), log.said())
	}
	log.open()
	log.Fatalf("the disk is %s", "gone")
	for _, want := range []string{"slow", "full", "gone"} {
		if strings.Count(logged.String(), want) != 1 {
			t.Errorf("%s is not logged once:\n%s", want, &logged)
		}
	}
	if why := <-log.fatal; why != "the disk is gone" {
		t.Error(why)
	}
}

// Without a number of partitions, a new log gets the default, and one that exists keeps its
// own.
func TestPartitionsByDefault(t *testing.T) {
	for asked, want := range map[int]int{0: PartitionsInside, 3: 3} {
		dir := t.TempDir()
		for _, partitions := range []int{asked, 0} {
			s, err := Open(t.Context(), Options{Dir: dir, Partitions: partitions, Logger: quiet()})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(s.Partitions); got != want {
				t.Errorf("%d partitions for --partitions %d, and then %d", got, asked, partitions)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
