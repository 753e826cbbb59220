package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-dev/muster/events/block"
)

// StreamFiles is what the files of a stream of an embedded server are like.
type StreamFiles struct {
	Stream string
	// Beside says that the stream is neither of the log nor of the feed. Those two are compared
	// with each other, and need no other check.
	Beside  bool
	Records uint64 // that were read, of a stream beside the log
	// Damage is what is wrong with the files of a stream beside the log; nil if nothing is. It
	// names the file and the offset, and wraps [wire.ErrDamaged].
	Damage error
	// Disbelieved is the path of an index that JetStream will not believe: it is older than the
	// messages, as after the process was killed, or it is damaged. JetStream then reads the
	// messages themselves and makes it again. It is empty if there is no such index.
	Disbelieved string
}

// StreamFiles checks the files of all streams in the data directory, and calls each with what it
// has found. It reads whole streams beside the log, which are small. It checks nothing if the
// log was not opened from its files.
func (s *Store) StreamFiles(ctx context.Context, each func(StreamFiles)) error {
	if s.Conn != nil || s.dir == nil {
		return nil
	}
	entries, err := os.ReadDir(s.dir.file(streamsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listing the streams: %w", err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		name := entry.Name()
		found := StreamFiles{Stream: name, Beside: !strings.HasPrefix(name, logStreams) && !strings.HasPrefix(name, feedStreams)}
		f := &files{Stream: block.Stream{Dir: s.dir.file(filepath.Join(streamsDir, name)), Name: name}}
		believed, err := f.Indexed()
		if err != nil {
			return err
		}
		size, err := f.Size()
		if err != nil {
			return err
		}
		if !believed && size > 0 {
			found.Disbelieved = f.IndexPath()
		}
		if found.Beside {
			if found.Records, found.Damage, err = f.checkSparse(ctx); err != nil {
				return err
			}
		}
		each(found)
	}
	return nil
}

// checkSparse reads the files of a stream from which messages may be deleted.
func (f *files) checkSparse(ctx context.Context) (records uint64, damage, err error) {
	if _, err := f.metadata(); err != nil {
		return 0, err, nil
	}
	r, err := f.ReadSparse()
	err = f.use(ctx, r, err, func(block.Record) error {
		records++
		return nil
	})
	if _, damaged := errors.AsType[*block.Damage](err); damaged {
		return records, err, nil
	}
	return records, nil, err
}
