package store

import (
	"encoding/json"
	"fmt"
	"os"
)

// scrubFile is the name of the file that says how far the scrub is.
const scrubFile = "scrub.json"

// scrubbed is the content of the file.
type scrubbed struct {
	// Partitions has the last message of each partition that the scrub has read again.
	Partitions []uint64 `json:"partitions"`
}

// Scrubbed returns the last message of each partition that the scrub has read. If that is
// not known it is 0: the scrub then begins with the first message.
func (s *Store) Scrubbed() []uint64 {
	last := make([]uint64, len(s.Partitions))
	text, err := os.ReadFile(s.dir.file(scrubFile))
	var saved scrubbed
	if err == nil && json.Unmarshal(text, &saved) == nil && len(saved.Partitions) == len(last) {
		copy(last, saved.Partitions)
	}
	return last
}

// SetScrubbed writes down what [Store.Scrubbed] returns after the next start.
func (s *Store) SetScrubbed(last []uint64) error {
	text, err := json.Marshal(scrubbed{last})
	if err != nil {
		return fmt.Errorf("writing down how far the scrub is: %w", err)
	}
	return WriteFile(s.dir.file(scrubFile), append(text, '\n'), 0o600)
}
