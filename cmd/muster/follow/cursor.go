package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/muster-dev/muster/events/wire"
)

// cursor is a file with the position of the last event that was printed, and a line break.
type cursor struct {
	file  string // empty: there is none
	noted place  // the position in the file
}

// read returns the position in the file, and the zero place if there is no file.
func (c *cursor) read() (place, error) {
	if c.file == "" {
		return place{}, nil
	}
	text, err := os.ReadFile(c.file)
	if errors.Is(err, fs.ErrNotExist) {
		return place{}, nil
	}
	if err != nil {
		return place{}, err
	}
	at, err := wire.ParsePosition(strings.TrimSpace(string(text)))
	if err != nil {
		return place{}, fmt.Errorf("%s: %w; correct the file, or delete it to begin where --after or --from says", c.file, err)
	}
	c.noted = place{position: at}
	return c.noted, nil
}

// write writes a place that is a position to the file, on the disk, in place of the one
// before.
func (c *cursor) write(at place) error {
	if c.file == "" || !at.isPosition() || at == c.noted {
		return nil
	}
	if err := renameio.WriteFile(c.file, []byte(at.String()+"\n"), 0o644); err != nil {
		return fmt.Errorf("keeping the position: %w", err)
	}
	c.noted = at
	return nil
}
