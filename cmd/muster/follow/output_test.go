package follow

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shortOutput takes so many bytes, and then fails.
type shortOutput struct{ left int }

var errFull = errors.New("no space left on device")

func (o *shortOutput) Write(p []byte) (int, error) {
	n := min(len(p), o.left)
	if o.left -= n; n < len(p) {
		return n, errFull
	}
	return n, nil
}

// Where to resume is only said of what was written. An error of the output is said once.
func TestOutputFails(t *testing.T) {
	s := serve(t)
	for range 300 {
		s.add()
	}
	run := func(room int, arguments ...string) (stderr string, err error) {
		var said bytes.Buffer
		cmd := newFollow()
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetOut(&shortOutput{room})
		cmd.SetErr(&said)
		cmd.SetArgs(append([]string{"--url", s.client.URL, "--token", root, "--organization", s.org, "--from", "earliest", "--until", "latest", "--format", "jsonl"}, arguments...))
		err = cmd.ExecuteContext(t.Context())
		return said.String(), err
	}
	// The first page has 200 events. What is printed of the second one is lost.
	page := len(strings.Join(s.events()[:200], "\n")) + 2
	file := filepath.Join(t.TempDir(), "cursor")
	for _, c := range []struct {
		room      int
		arguments []string
		want      string
	}{
		{0, nil, ""},
		{0, []string{"--cursor-file", file}, ""},
		{page, nil, "To resume: --after 0-200\n"},
	} {
		said, err := run(c.room, c.arguments...)
		if said != c.want || err == nil || strings.Count(err.Error(), errFull.Error()) != 1 {
			t.Errorf("room for %d bytes, %q: it says %q, and the error is %v", c.room, c.arguments, said, err)
		}
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing was written, and the cursor is there: %v", err)
	}
	said, err := run(page, "--cursor-file", file)
	if said != "Printed up to 0-200, which is in "+file+": the same command resumes there.\n" || !errors.Is(err, errFull) {
		t.Errorf("it says %q, and the error is %v", said, err)
	}
	requireCursor(t, file, "0-200")
}

// What was printed, but could not be noted in the file, is not said to be there.
func TestCursorFails(t *testing.T) {
	s := serve(t)
	file := filepath.Join(t.TempDir(), "nope", "cursor")
	r := s.follow("--from", "earliest", "--until", "latest", "--cursor-file", file)
	lines, err := r.rest()
	if err == nil || strings.Count(err.Error(), "keeping the position") != 1 || r.errors() != "To resume: --after 0-5\n" || len(lines) != 5 {
		t.Errorf("%d lines, it says %q, and the error is %v", len(lines), r.errors(), err)
	}
	f := following{cursor: cursor{file: "f", noted: mustPlace(t, "0-3")}}
	if said := f.resume(&printer{written: mustPlace(t, "0-5")}); said != "Printed up to 0-5, but f has 0-3: the same command resumes there." {
		t.Error(said)
	}
}

func mustPlace(t *testing.T, text string) place {
	t.Helper()
	p, err := parseAfter(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
