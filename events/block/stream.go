package block

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrEncrypted reports that a stream's files are encrypted, so that they cannot be read.
var ErrEncrypted = errors.New("the stream is encrypted, which Muster does not support")

// Stream is the directory of a stream. The zero value of Subject stands for any subject.
type Stream struct {
	Dir     string // the directory
	Name    string // of the stream
	Subject string // that every message of Muster has
}

const (
	messagesDir   = "msgs"
	blockSuffix   = ".blk"
	encryptionKey = "meta.key"
)

// file is a block of a stream.
type file struct {
	path   string
	number uint32
	size   int64 // when it was listed
}

// blocks lists the blocks by their numbers. It returns none for a stream that does not
// exist.
func (s Stream) blocks() ([]file, error) {
	if _, err := os.Stat(filepath.Join(s.Dir, encryptionKey)); err == nil {
		return nil, fmt.Errorf("%s: %w", s.Dir, ErrEncrypted)
	}
	dir := filepath.Join(s.Dir, messagesDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing blocks: %w", err)
	}
	var files []file
	for _, entry := range entries {
		number, isBlock := numberOf(entry.Name())
		if !isBlock {
			continue // the index, or a file that was being replaced
		}
		info, err := entry.Info()
		if err != nil {
			return nil, fmt.Errorf("listing blocks: %w", err)
		}
		files = append(files, file{filepath.Join(dir, entry.Name()), number, info.Size()})
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.number, b.number) })
	return files, nil
}

// numberOf returns the number of the block with the file name.
func numberOf(name string) (uint32, bool) {
	digits, isBlock := strings.CutSuffix(name, blockSuffix)
	number, err := strconv.ParseUint(digits, 10, 32)
	return uint32(number), isBlock && err == nil
}

// Size returns the bytes that the messages take in the files.
func (s Stream) Size() (int64, error) {
	files, err := s.blocks()
	var size int64
	for _, f := range files {
		size += f.size
	}
	return size, err
}
