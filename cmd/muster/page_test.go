package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page is a page of the documentation, as the steps that its reader takes.
type page struct {
	name  string // its path in the repository
	steps []step
}

// step is a fenced block, or something that the reader does to the service between two
// blocks.
type step struct {
	line     int    // of the fence
	language string // of the block: the word after the fence
	text     string // of the block
	note     string // of the HTML comment before the block
}

// The notes, other than a reason why a block is not typed.
const (
	noteStop  = "the reader stops the service"
	noteStart = "the reader starts the service again"

	notTyped = "not typed: "
	typedBy  = "typed by " // and a name in specials
	shapeOf  = "shape: "   // and a name of a schema of the OpenAPI document
)

// plain are the languages of blocks that need no comment: those that are typed, and those
// that nobody could type.
var plain = []string{"sh", "console", "js", "mermaid", "text"}

var comment = regexp.MustCompile(`^<!-- (.*) -->$`)

// readPage reads a page by its path in the repository.
func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePage(name, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// parsePage returns the steps of a page. It returns an error for a block that nobody types
// and that has no comment which says why not.
func parsePage(name, text string) (page, error) {
	p := page{name: name}
	var block *step
	note := ""
	for i, line := range strings.Split(text, "\n") {
		switch found := comment.FindStringSubmatch(line); {
		case block != nil && line == "```":
			p.steps = append(p.steps, *block)
			block = nil
		case block != nil:
			block.text += line + "\n"
		case strings.HasPrefix(line, "```"):
			block = &step{line: i + 1, language: line[3:], note: note}
			if note == "" && !slices.Contains(plain, block.language) {
				return p, fmt.Errorf("%s: the block is neither typed nor does a comment before it (<!-- %sREASON -->) say why not", p.at(*block), notTyped)
			}
			note = ""
		case found != nil && (found[1] == noteStop || found[1] == noteStart):
			p.steps = append(p.steps, step{line: i + 1, note: found[1]})
		case found != nil:
			note = found[1]
		case line != "" && note != "":
			return p, fmt.Errorf("%s:%d: no block follows the comment %q", name, i+1, note)
		}
	}
	if block != nil || note != "" {
		return p, fmt.Errorf("%s: a block is not closed, or a comment has none", name)
	}
	return p, nil
}

func (p page) at(s step) string { return fmt.Sprintf("%s:%d", p.name, s.line) }

// pages returns the paths of all pages with examples.
func pages(t *testing.T) []string {
	t.Helper()
	names := []string{"README.md"}
	for _, pattern := range []string{"docs/*.md", "docs/dialects/*.md"} {
		found, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, path := range found {
			name, err := filepath.Rel(filepath.Join("..", ".."), path)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, filepath.ToSlash(name))
		}
	}
	return names
}

// typed is one command of a console, and what the page shows below it.
type typed struct {
	line    int
	command string
	shown   string // empty: the page does not say
}

// console splits a console block into its commands. A command goes on in the next line
// while it is not complete.
func (s step) console(t *testing.T) (all []typed) {
	t.Helper()
	for i, line := range strings.SplitAfter(strings.TrimSuffix(s.text, "\n"), "\n") {
		command, isCommand := strings.CutPrefix(line, "$ ")
		last := len(all) - 1
		switch {
		case isCommand:
			all = append(all, typed{line: s.line + 1 + i, command: command})
		case last < 0:
			t.Fatalf("line %d: a console begins with a command", s.line+1+i)
		case all[last].shown == "" && !complete(t, all[last].command):
			all[last].command += line
		default:
			all[last].shown += line
		}
	}
	return all
}

// complete reports whether a shell can run the command as it is.
func complete(t *testing.T, command string) bool {
	t.Helper()
	return !strings.HasSuffix(command, "\\\n") && bashAccepts(t, command)
}

var (
	ownUUID  = regexp.MustCompile(`\b01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`)
	ownULID  = regexp.MustCompile(`\b01[0-9A-HJKMNP-TV-Z]{24}\b`)
	ownTime  = regexp.MustCompile(`\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`)
	ownDate  = regexp.MustCompile(`(?m)^Date: .*$`)
	ownToken = regexp.MustCompile(`\b(tot|tpt|twt|inv|root)_[0-9A-Za-z]{40,}`)
	progress = regexp.MustCompile(`(?m)^\{"time":.*"msg":"progress".*\n`) // a terminal has a bar that disappears
	trailing = regexp.MustCompile(`(?m) +$`)
	grouped  = regexp.MustCompile(`\b[0-9]+ messages?\b`) // commands that arrive together share one
	ownHash  = regexp.MustCompile(`\b[0-9a-f]{12}…`)
)

// normal returns what a console shows without that which is each reader's own: ids and
// times of what they have added, tokens, hashes and the number of the log's messages.
func normal(text string) string {
	text = strings.ReplaceAll(text, "\r", "")
	for _, own := range []struct {
		pattern *regexp.Regexp
		name    string
	}{
		{progress, ""}, {trailing, ""}, {ownUUID, "UUID"}, {ownULID, "ULID"}, {ownTime, "TIME"}, {ownDate, "Date: DATE"}, {ownToken, "${1}_TOKEN"}, {ownHash, "HASH"}, {grouped, "N messages"},
	} {
		text = own.pattern.ReplaceAllString(text, own.name)
	}
	return strings.TrimRight(text, "\n ")
}

// shows reports whether a console has shown what the page says. An ellipsis on the page
// leaves something out: any lines if it is a line of its own.
func shows(got, page string) bool {
	var pattern strings.Builder
	pattern.WriteString("^")
	for line := range strings.SplitSeq(normal(page), "\n") {
		if line == "…" {
			pattern.WriteString(`(?:.*\n)*`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + `\n`)
	}
	pattern.WriteString("$")
	return regexp.MustCompile(pattern.String()).MatchString(normal(got) + "\n")
}
