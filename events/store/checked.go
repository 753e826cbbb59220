package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// FeedCheck is how far a partition's feed has been compared with the log. It is kept in
// DIR/feed-check-00.json …, so that a start need not compare everything again.
type FeedCheck struct {
	Created    time.Time `json:"created"`    // creation time of the feed's stream
	Generation uint64    `json:"generation"` // of the feed
	Checked    uint64    `json:"checked"`    // number of the last event that was compared
	Scrubbed   uint64    `json:"scrubbed"`   // how far the comparison that repeats has come
}

func feedCheckFile(partition int) string { return fmt.Sprintf("feed-check-%02d.json", partition) }

// FeedCheck returns what was remembered last. It is zero if nothing was, or if the file is
// damaged: then everything is compared again.
func (s *Store) FeedCheck(partition int) (c FeedCheck, err error) {
	if s.dir == nil {
		return FeedCheck{}, nil
	}
	text, err := os.ReadFile(s.dir.file(feedCheckFile(partition)))
	if errors.Is(err, fs.ErrNotExist) {
		return FeedCheck{}, nil
	}
	if err != nil {
		return FeedCheck{}, fmt.Errorf("reading how far the feed was checked: %w", err)
	}
	if json.Unmarshal(text, &c) != nil {
		return FeedCheck{}, nil
	}
	return c, nil
}

// SetFeedCheck remembers how far a partition's feed has been compared.
func (s *Store) SetFeedCheck(partition int, c FeedCheck) error {
	if s.dir == nil {
		return nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return WriteFile(s.dir.file(feedCheckFile(partition)), append(text, '\n'), 0o600)
}
