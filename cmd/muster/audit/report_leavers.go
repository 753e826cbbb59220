package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// maxLeavers is the length of the longest file of leavers that fits into a request.
const maxLeavers = 1_000_000

func checkWithin(text string) error {
	within, err := time.ParseDuration(text)
	if err != nil || within < 0 {
		return errors.New("a duration like 24h or 90m is expected")
	}
	return nil
}

// readLeavers reads the file of leavers, if the report is about one.
func (r *reporting) readLeavers() error {
	if r.leavers == "" {
		return nil
	}
	file, err := os.Open(r.leavers)
	if err != nil {
		return fmt.Errorf("--leavers: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxLeavers+1))
	if err != nil {
		return fmt.Errorf("--leavers: %w", err)
	}
	if len(text) > maxLeavers {
		return fmt.Errorf("--leavers: %s has more than %d bytes: make several files of it, with the header in each", r.leavers, maxLeavers)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if n++; !utf8.ValidString(line) {
			return fmt.Errorf("--leavers: line %d of %s is not UTF-8", n, r.leavers)
		}
	}
	r.text = string(text)
	return nil
}

// body returns the body of the request, or nil if it has none.
func (r *reporting) body() any {
	if r.leavers == "" {
		return nil
	}
	return map[string]string{"leavers": r.text}
}
