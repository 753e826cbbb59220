package block

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// latestAttempts bounds how often the files are read again because they have changed
// meanwhile.
const latestAttempts = 20

// Latest returns the last message of each subject, by subject, of a stream from which older
// messages are deleted. JetStream may write to the stream meanwhile: a message that is written
// while Latest reads may be left out, but then an older one of its subject is there, if it has
// ever had one. A record at the very end that is not whole is left out. The error is a [*Damage]
// if another one is.
func (s Stream) Latest() (map[string]Record, error) {
	found := make(map[string]Record)
	for attempt := 0; ; attempt++ {
		files, err := s.blocks()
		if err != nil {
			return nil, err
		}
		err = s.latest(files, found)
		if err != nil && !errors.Is(err, errChanged) {
			return nil, err
		}
		again, failed := s.blocks()
		if failed != nil {
			return nil, failed
		}
		// A message may have been written again behind what was read, and then deleted where it
		// was. So the files are believed once they have not changed while they were read.
		if err == nil && slices.Equal(files, again) {
			return found, nil
		}
		if attempt == latestAttempts {
			if err != nil {
				return nil, err
			}
			return found, nil // what has changed all the time is newer than what was found, and not other subjects
		}
	}
}

// errChanged reports that the files are not those that were listed any more.
var errChanged = errors.New("the files of the stream change while they are read")

// latest adds the last message of each subject to those that were found.
func (s Stream) latest(files []file, found map[string]Record) error {
	for i, f := range files {
		content, err := os.ReadFile(f.path)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %w", errChanged, err)
		}
		if err != nil {
			return fmt.Errorf("reading a block: %w", err)
		}
		damage, torn := s.scan(f, content, found)
		if damage != nil && (i < len(files)-1 || !torn) {
			return damage
		}
	}
	return nil
}

// scan reads the records of a block. It returns where it cannot go on, and reports whether no
// whole record follows that place.
func (s Stream) scan(f file, content []byte, found map[string]Record) (_ *Damage, torn bool) {
	h := s.recordHash(f.number)
	for offset := int64(0); offset < int64(len(content)); {
		left := content[offset:]
		reason := "the file ends within a record"
		var record Record
		if len(left) >= fixedSize {
			frame := parseFrame(left)
			if reason = frame.refusal(int64(len(left))); reason == "" {
				record, reason = s.parse(frame, left[:frame.length], h)
			}
		}
		if reason != "" {
			return &Damage{f.path, offset, 0, reason}, !s.holdsRecord(f.number, left)
		}
		record.Path, record.Offset, record.block = f.path, offset, f.number
		offset += record.Size
		if record.Sequence&(erased|tombstone) != 0 || record.Sequence < found[record.Subject].Sequence {
			continue
		}
		record.Header, record.Data = bytes.Clone(record.Header), bytes.Clone(record.Data) // and not the whole block
		found[record.Subject] = record
	}
	return nil, false
}
