package store

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxClient and maxComplaint are the most bytes that are logged of the connection that a
	// complaint is about, and of the complaint itself. Clients choose parts of both.
	maxClient    = 200
	maxComplaint = 1000
	// maxWords is the most bytes that tell kinds of complaints apart.
	maxWords = 80
)

// complaint is a line of the server's log.
type complaint struct {
	kind   kind
	client string // the connection that it is about, and what its client says of itself; can be empty
	text   string
}

// kind is what complaints have in common that differ only in their details.
type kind struct {
	level   slog.Level
	words   string
	writing bool // a stream could not be written
}

// newComplaint returns the complaint that the server gives to its logger. The server puts the
// connection in front of the format, with the name that the client has given itself. So that
// part is not used as a format: it could make a line of any length from a short name.
func newComplaint(level slog.Level, format string, v []any) complaint {
	client, format := splitClient(format)
	text := fmt.Sprintf(format, v...)
	said := format
	if !hasWords(format) {
		var named string
		if named, text = splitClient(text); client == "" {
			client = named
		}
		said = text
	}
	return complaint{kind{level, firstWords(said), client == "" && ofWriting(text)}, client, text}
}

// String returns the line to log.
func (c complaint) String() string {
	text := shorten(c.text, maxComplaint)
	if c.client == "" {
		return text
	}
	return shorten(c.client, maxClient) + " - " + text
}

// connection matches the address and the number that the server puts in front of what it says
// of a connection. If the client has logged in, what it says of itself and its account follow,
// both quoted:
//
//	127.0.0.1:50714 - cid:5 - "v1.55.0:go:billing" - "SUBSCRIBERS/user:01a2…" - Publish Violation …
var connection = regexp.MustCompile(`^\S{1,300} - (cid|wid|mid|mid_ws|rid|gid|lid|lid_ws):\d+`)

// splitClient splits a line, or a format, into the connection that it is about and the rest.
func splitClient(line string) (client, rest string) {
	at := len(connection.FindString(line))
	if at == 0 {
		return "", line
	}
	for {
		next, ok := strings.CutPrefix(line[at:], " - ")
		if !ok {
			return "", line
		}
		quoted, err := strconv.QuotedPrefix(next)
		if err != nil || !strings.HasPrefix(next[len(quoted):], " - ") {
			return line[:at], next
		}
		at += len(" - ") + len(quoted)
	}
}

// verb matches a verb of a format.
var verb = regexp.MustCompile(`%[^a-zA-Z]*[a-zA-Z]`)

// hasWords reports whether a format says something itself.
func hasWords(format string) bool {
	return strings.ContainsFunc(verb.ReplaceAllString(format, ""), func(r rune) bool { return r >= 'A' })
}

// firstWords returns the beginning of what is said, up to the first detail.
func firstWords(said string) string {
	if at := strings.IndexAny(said, `"'%0123456789`); at >= 0 {
		said = said[:at]
	}
	return strings.TrimRight(strings.ToValidUTF8(said[:min(len(said), maxWords)], ""), " -:([")
}

// ofWriting reports whether the server says that a stream could not be written, or that
// JetStream is switched off because of that. A publisher never gets a response to what could
// not be written, so this is the only way to learn of it at once. What the server says of a
// connection is never that, but it can have these words if the client has chosen them.
func ofWriting(text string) bool {
	return slices.ContainsFunc([]string{
		"failed to store a msg", "ritical write error", "will be DISABLED", "disabling JetStream",
	}, func(part string) bool { return strings.Contains(text, part) })
}

// shorten returns at most that many bytes of the text, and says how many there were.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(text[:most], ""), len(text))
}
