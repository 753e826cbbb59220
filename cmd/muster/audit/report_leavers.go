package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-dev/muster/cmd/muster/client"
)

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
	text, err := io.ReadAll(io.LimitReader(file, client.MaxBody+1))
	if err != nil {
		return fmt.Errorf("--leavers: %w", err)
	}
	tooLong := fmt.Errorf("--leavers: %s does not fit into a request of %d bytes, in which quotation marks and line ends take two each: "+
		"make several files of it, with the header in each", r.leavers, client.MaxBody)
	if len(text) > client.MaxBody {
		return tooLong
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if n++; !utf8.ValidString(line) {
			return fmt.Errorf("--leavers: line %d of %s is not UTF-8", n, r.leavers)
		}
	}
	r.text = string(text)
	body, err := json.Marshal(r.body())
	if err == nil && len(body) > client.MaxBody {
		err = tooLong
	}
	return err
}

// body returns the body of the request, or nil if it has none.
func (r *reporting) body() any {
	if r.leavers == "" {
		return nil
	}
	return map[string]string{"leavers": r.text}
}
