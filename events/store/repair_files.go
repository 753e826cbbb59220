package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/block"
)

// A repair of an embedded log makes a second JetStream store in DIR/repair, with nothing but
// the new stream. Its file complete.json says that the stream is whole, and on disk. Then the
// old stream is moved to DIR/set-aside, and the new one to its place. Between these two moves
// no service starts, because a stream of the log is missing.
const (
	repairDir    = "repair"
	completeFile = "complete.json"
)

// complete is the content of DIR/repair/complete.json.
type complete struct {
	Log       string `json:"log"`
	Partition int    `json:"partition"`
	Valid     string `json:"valid"` // the last message that was copied, like a line of the high-water mark
}

// openFiles opens the partition in the data directory.
func (r *Repair) openFiles() error {
	s := r.store
	m, _, err := s.dir.marker()
	if err != nil {
		return err
	}
	s.marker = m
	if err := r.checkPartition(); err != nil {
		return err
	}
	done, err := s.dir.repaired()
	if err != nil {
		return err
	}
	if done.Log == m.Log && done.Partition != r.partition && !s.files(done.Partition).exists() { // DIR/repair has the only copy
		return refuse("finish the repair of partition %d first: it was interrupted, and muster audit repair finishes it if it is run again as before", done.Partition)
	}
	f := s.files(r.partition)
	r.old = &filed{f, r.partition}
	if f.exists() {
		return f.belongs(m)
	}
	if done.Log != m.Log || done.Partition != r.partition {
		return s.gone(f.Name)
	}
	made := r.made()
	if !made.exists() {
		return s.gone(f.Name)
	}
	valid, ok := parseMark(r.partition, done.Valid)
	if !ok {
		return fmt.Errorf("%s is damaged: restore the log from a backup, or from %s", filepath.Join(s.dir.file(repairDir), completeFile), setAsideDir)
	}
	r.pending, r.copied = &valid, &filed{made, r.partition}
	return made.belongs(m)
}

// repaired returns what an interrupted repair has completed. It is empty if there is none.
func (d *directory) repaired() (done complete, err error) {
	text, err := os.ReadFile(filepath.Join(d.file(repairDir), completeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return complete{}, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &done)
	}
	if err != nil {
		err = fmt.Errorf("reading what a repair has completed: %w", err)
	}
	return done, err
}

// made returns the files of the new stream, before it is in its place.
func (r *Repair) made() *files {
	f := *r.store.files(r.partition)
	f.Dir = filepath.Join(r.store.dir.file(repairDir), streamsDir, f.Name)
	f.mark, f.places = math.MaxUint64, nil
	return &f
}

// filed is the messages in the files of a stream that no server runs on.
type filed struct {
	*files
	partition int
}

func (f *filed) each(ctx context.Context, from, to uint64, use func(storedMessage) error) error {
	if from > to {
		return nil
	}
	err := f.records(ctx, from, func(r block.Record) error {
		err := use(storedMessage{
			Sequence: r.Sequence, Time: r.Time, Subject: r.Subject, Header: r.Header, Data: r.Data,
			partition: f.partition, stream: f.Name, foreign: r.Foreign,
		})
		if err == nil && r.Sequence >= to {
			return errDone
		}
		return err
	})
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// exactly is each: the files have everything as it is.
func (f *filed) exactly(ctx context.Context, from, to uint64, use func(storedMessage) error) error {
	return f.each(ctx, from, to, use)
}

// errDone ends reading files.
var errDone = errors.New("everything wanted was read")

// cutFiles is [Repair.Cut] for an embedded log.
func (r *Repair) cutFiles(ctx context.Context, s Survey, progress func(done, of uint64)) error {
	size, err := r.old.(*filed).Size()
	if err != nil {
		return err
	}
	if err := r.store.dir.room(uint64(size) + enoughFree); err != nil { //nolint:gosec // not negative
		return refuse("the valid messages are copied before anything is cut, and there is too little room for %d MiB: %v", size>>20, err)
	}
	scratch := &directory{path: r.store.dir.file(repairDir)}
	if err := os.RemoveAll(scratch.path); err != nil {
		return fmt.Errorf("removing what an interrupted repair has left: %w", err)
	}
	if err := os.Mkdir(scratch.path, 0o700); err != nil {
		return fmt.Errorf("making room for the copy: %w", err)
	}
	if err := r.fill(ctx, scratch, s.Valid.Message, progress); err != nil {
		return err
	}
	if err := syncTree(scratch.path); err != nil {
		return fmt.Errorf("flushing the copy: %w", err)
	}
	made := r.made()
	if err := made.belongs(r.store.marker); err != nil {
		return err
	}
	if err := same(ctx, r.old, &filed{made, r.partition}, s.Valid.Message); err != nil {
		return fmt.Errorf("comparing the copy: %w", err)
	}
	text, err := json.Marshal(complete{r.store.marker.Log, r.partition, markLine(s.Valid)})
	if err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(scratch.path, completeFile), append(text, '\n'), 0o600); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err // the last moment at which nothing has changed
	}
	return r.swap()
}

// fill makes the new stream with a server of its own. The server flushes nothing, because the
// whole store is flushed when it has ended.
func (r *Repair) fill(ctx context.Context, scratch *directory, last uint64, progress func(done, of uint64)) error {
	srv, err := server.NewServer(&server.Options{
		ServerName: embeddedName, JetStream: true, StoreDir: scratch.file(jetstreamDir), DontListen: true, NoSigs: true,
		MaxPayload: 2 * maxMessage, JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 64 << 20,
	})
	if err != nil {
		return fmt.Errorf("configuring a JetStream for the copy: %w", err)
	}
	log := newServerLog(r.store.logger, func(error) {})
	srv.SetLoggerV2(log, false, false, false)
	srv.Start()
	defer stopServer(srv)
	if err := started(ctx, srv, log); err != nil {
		return err
	}
	conn, err := nats.Connect("", nats.InProcessServer(srv), nats.Name("muster audit repair"))
	if err != nil {
		return fmt.Errorf("connecting to the JetStream for the copy: %w", err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(CallTimeout))
	if err != nil {
		return err
	}
	if _, err := makeStream(ctx, js, r.store.marker.logConfig(r.partition, 1)); err != nil {
		return fmt.Errorf("making the new stream: %w", err)
	}
	again := func(m *storedMessage) (*nats.Msg, error) { return m.again(logSubject(r.partition)) }
	return copyTo(ctx, conn, r.old, last, again, progress)
}

// swap puts the new stream in the place of the old one. It is finished by another repair if it
// is interrupted.
func (r *Repair) swap() error {
	d := r.store.dir
	place := filepath.Join(d.file(streamsDir), r.Stream())
	if there, err := exists(place); err != nil {
		return err
	} else if there {
		aside, err := d.asidePath(r.Stream())
		if err != nil {
			return err
		}
		if err := rename(place, aside); err != nil {
			return fmt.Errorf("setting the old stream aside: %w", err)
		}
		r.store.logger.Info("the old stream was set aside", slog.String("stream", r.Stream()), slog.String("to", aside))
	}
	if err := rename(r.made().Dir, place); err != nil {
		return fmt.Errorf("moving the new stream to its place: %w; run the same command again", err)
	}
	return d.dropRepair()
}

// dropRepair removes what is left of a repair.
func (d *directory) dropRepair() error {
	if err := os.RemoveAll(d.file(repairDir)); err != nil {
		return fmt.Errorf("removing what is left of the repair: %w", err)
	}
	return syncDirectory(d.path)
}

// rename moves a directory. When it returns nil, that is on disk.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return errors.Join(syncDirectory(filepath.Dir(to)), syncDirectory(filepath.Dir(from)))
}
