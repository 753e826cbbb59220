package block

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	indexFile  = "index.db"
	configFile = "meta.inf"
	sumFile    = "meta.sum"

	indexMagic   = 11 // the index's first byte
	indexVersion = 4  // the second one: the latest version that is known
	smallestSize = 32 // of an index
)

// Indexed reports whether JetStream will believe the index when it opens the stream. If
// not, it will read all blocks, and cut them where it finds damage.
func (s Stream) Indexed() (bool, error) {
	files, err := s.blocks()
	if err != nil || len(files) == 0 {
		return false, err
	}
	index, err := os.ReadFile(filepath.Join(s.Dir, messagesDir, indexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the index: %w", err)
	}
	if len(index) < smallestSize || index[0] != indexMagic || index[1] > indexVersion {
		return false, nil
	}
	content, sum := index[:len(index)-hashSize], index[len(index)-hashSize:]
	h := newHash(s.Name)
	_, _ = h.Write(content)
	if !bytes.Equal(h.Sum(nil), sum) {
		return false, nil
	}
	// Before its own hash the index has the last one of the block that was the last.
	last, err := lastBytes(files[len(files)-1])
	return err == nil && bytes.Equal(last, content[len(content)-hashSize:]), err
}

// IndexPath returns the path of the stream's index, or "" if there is none.
func (s Stream) IndexPath() string {
	path := filepath.Join(s.Dir, messagesDir, indexFile)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// lastBytes returns the block's last hash, or zeros if it has none.
func lastBytes(f file) ([]byte, error) {
	last := make([]byte, hashSize)
	if f.size < hashSize {
		return last, nil
	}
	open, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = open.Close() }() // it was only read
	_, err = open.ReadAt(last, f.size-hashSize)
	return last, err
}

// Metadata returns the metadata of the stream's configuration. The error is a [*Damage] if
// the configuration is damaged, and wraps [fs.ErrNotExist] if there is none.
func (s Stream) Metadata() (map[string]string, error) {
	path := filepath.Join(s.Dir, configFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the stream's configuration: %w", err)
	}
	sum, err := os.ReadFile(filepath.Join(s.Dir, sumFile))
	if err != nil {
		return nil, fmt.Errorf("reading the stream's configuration: %w", err)
	}
	h := newHash(s.Name)
	_, _ = h.Write(text)
	if hex.EncodeToString(h.Sum(nil)) != string(sum) {
		return nil, &Damage{Path: path, Reason: "the hash of the stream's configuration is wrong"}
	}
	var config struct {
		Name     string            `json:"name"`
		Metadata map[string]string `json:"metadata"`
	}
	if json.Unmarshal(text, &config) != nil || config.Name != s.Name {
		return nil, &Damage{Path: path, Reason: "it is not the configuration of stream " + s.Name}
	}
	return config.Metadata, nil
}
