package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// typedTools are the programs that the examples use.
var typedTools = []string{"bash", "curl", "jq"}

// specials are the tests that type a block which cannot be typed in passing, by the name
// that the comment before the block has.
var specials = map[string]func(*testing.T, typist, string){
	"the test of polling":   typePolling,
	"the test of following": typeFollowing,
	"the test of tickets":   typeTickets,
}

// TestDocumentationIsTyped types the README's tour into a shell, and then the examples of
// each page of docs, which continue the tour. What the terminal shows must be what the page
// says. Every block is typed, or a comment before it says why not.
func TestDocumentationIsTyped(t *testing.T) {
	t.Parallel()
	for _, tool := range typedTools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the examples of the documentation need %s: install it (%v)", strings.Join(typedTools, ", "), err)
		}
	}
	names := pages(t)
	tour := readPage(t, names[0])
	first := newTypist(t, t.TempDir())
	first.follow(tour)
	first.stop()
	if t.Failed() {
		return // the other pages continue the tour
	}
	for _, name := range names[1:] {
		p := readPage(t, name)
		if !p.hasCommands() {
			p.check(t)
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".md"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "muster-data"), os.DirFS(filepath.Join(first.dir, "muster-data"))); err != nil {
				t.Fatal(err)
			}
			r := newTypist(t, dir)
			r.serve("--demo")
			r.setUp(tour)
			r.follow(p)
		})
	}
}

// hasCommands reports whether there is something to type.
func (p page) hasCommands() bool {
	for _, s := range p.steps {
		if !strings.HasPrefix(s.note, notTyped) && (s.language == "sh" || s.language == "console" || s.language == "js") {
			return true
		}
	}
	return false
}

// check checks the blocks of a page that has nothing to type.
func (p page) check(t *testing.T) {
	t.Helper()
	r := typist{t: t}
	for _, s := range p.steps {
		r.take(p, s)
	}
}

// A block that nobody types is refused unless a comment before it says why.
func TestPagesHaveNoOtherBlocks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, refused string }{
		{"typed", "```sh\necho\n```\n", ""},
		{"with a reason", "<!-- not typed: it needs Docker -->\n```sh\ndocker\n```\n", ""},
		{"a picture", "```mermaid\nflowchart\n```\n", ""},
		{"a language that is not typed", "x\n\n```python\nprint()\n```\n", "page:3: the block is neither typed"},
		{"no language", "```\necho\n```\n", "page:1: the block is neither typed"},
		{"JSON without a shape", "```json\n{}\n```\n", "page:1: the block is neither typed"},
		{"a comment without a block", "<!-- not typed: it needs Docker -->\n\ntext\n", "no block follows"},
		{"a block that is not closed", "```sh\necho\n", "not closed"},
	} {
		_, err := parsePage("page", test.text)
		if test.refused == "" && err != nil || test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// The comparison of what a terminal shows with what a page says.
func TestShows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, got, page string
		want            bool
	}{
		{"the same", "a\nb\n", "a\nb\n", true},
		{"another line", "a\nc\n", "a\nb\n", false},
		{"a line more", "a\nb\nc\n", "a\nb\n", false},
		{"a line less", "a\n", "a\nb\n", false},
		{"lines left out", "a\nb\nc\nd\n", "a\n…\nd\n", true},
		{"lines left out at the end", "a\nb\nc\n", "a\n…\n", true},
		{"no lines left out", "a\nd\n", "a\n…\nd\n", true},
		{"text left out", `{"a":1,"b":2}`, `{"a":1, …}`, false},
		{"text left out of a line", `{"a":1,"b":2}`, `{"a":1,…}`, true},
		{"another id of our own", "01a2026d-df73-7a90-beaa-506f30a7eaa6", "019cc043-af91-783e-9927-3daab1cd9277", true},
		{"another id of the demo's", "42ecd324-fd52-5a58-9182-ae398d22f516", "a7176f18-0fcc-5658-bcea-e77633442c5f", false},
		{"another time", `"2026-11-22T08:44:44.788Z"`, `"2027-01-01T00:00:00.000Z"`, true},
		{"another number of messages", "60 events in 49 messages", "60 events in 45 messages", true},
		{"another number of events", "61 events in 45 messages", "60 events in 45 messages", false},
		{"another position", "3-57", "3-58", false},
	} {
		if got := shows(test.got, test.page); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
