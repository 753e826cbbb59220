package native

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

const (
	// maxLeavers is the largest number of leavers in one file.
	maxLeavers = 10_000
	// maxWrong is how many wrong lines are reported at once.
	maxWrong = 20
)

// leaver is somebody who has left, as a line of a file says.
type leaver struct {
	line  int
	user  domain.UserID // zero: the line has an address
	email string
	left  time.Time
}

// said returns the id or the address as the file has it.
func (l *leaver) said() string {
	if l.user.IsZero() {
		return l.email
	}
	return l.user.String()
}

// leaverLine is a line of a file, whatever its format.
type leaverLine struct {
	User  string `json:"user_id"`
	Email string `json:"email"`
	Left  string `json:"left_at"`
}

// read returns the leaver, or what is wrong with the line.
func (l *leaverLine) read(line int) (leaver, string) {
	is := leaver{line: line}
	user, email, left := strings.TrimSpace(l.User), strings.TrimSpace(l.Email), strings.TrimSpace(l.Left)
	switch {
	case user == "" && email == "":
		return is, "a user_id or an email is needed"
	case user != "" && email != "":
		return is, "either a user_id or an email is expected, not both"
	case user != "":
		if is.user.UnmarshalText([]byte(user)) != nil || is.user.IsZero() {
			return is, "the user_id is not a UUID"
		}
	default:
		var err error
		if is.email, err = domain.ParseEmail("", email); err != nil {
			return is, "the email is not an address"
		}
	}
	then, err := transport.ParseTime(left)
	switch {
	case left == "":
		return is, "left_at is needed: when they left"
	case err != nil:
		return is, "left_at is not a time like 2026-03-05T17:00:00Z or a day like 2026-03-05"
	}
	is.left = milliseconds(then)
	return is, ""
}

// leaverFile is a file of leavers that is being read.
type leaverFile struct {
	leavers []leaver
	wrong   []transport.FieldProblem
}

// add adds the line or what is wrong with it. It reports false if no more are wanted.
func (f *leaverFile) add(line int, said leaverLine, wrong string) bool {
	if wrong == "" {
		var is leaver
		if is, wrong = said.read(line); wrong == "" {
			f.leavers = append(f.leavers, is)
			return len(f.leavers) <= maxLeavers
		}
	}
	f.wrong = append(f.wrong, transport.FieldProblem{
		Pointer: "/leavers", Code: transport.CodeInvalidValue, Detail: fmt.Sprintf("line %d: %s", line, wrong),
	})
	return len(f.wrong) < maxWrong
}

// readLeavers reads a file of leavers: JSON Lines if it begins with a brace, and otherwise CSV. It
// returns all of them, or the problem of its first wrong lines.
func readLeavers(text string) ([]leaver, error) {
	var f leaverFile
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		f.readLines(text)
	} else {
		f.readCSV(text)
	}
	switch {
	case f.wrong != nil:
		return nil, transport.Invalid(f.wrong...)
	case len(f.leavers) > maxLeavers:
		return nil, transport.InvalidField("/leavers", transport.CodeTooMany, fmt.Sprintf("at most %d leavers are expected; make several reports", maxLeavers))
	case f.leavers == nil:
		return nil, transport.InvalidField("/leavers", transport.CodeRequired, "the file names nobody")
	}
	return f.leavers, nil
}

func (f *leaverFile) readLines(text string) {
	n := 0
	for line := range strings.Lines(text) {
		if n++; strings.TrimSpace(line) == "" {
			continue
		}
		var said leaverLine
		wrong := ""
		if json.Unmarshal([]byte(line), &said, json.RejectUnknownMembers(true)) != nil {
			wrong = `an object like {"user_id": "…", "left_at": "…"} or {"email": "…", "left_at": "…"} is expected`
		}
		if !f.add(n, said, wrong) {
			return
		}
	}
}

func (f *leaverFile) readCSV(text string) {
	r := csv.NewReader(strings.NewReader(text))
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return
	}
	at, known := make(map[string]int), err == nil
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := at[name]; twice || !slices.Contains([]string{"user_id", "email", "left_at"}, name) {
			known = false
		}
		at[name] = i
	}
	_, user := at["user_id"]
	_, email := at["email"]
	if _, left := at["left_at"]; !known || !left || !user && !email {
		f.add(1, leaverLine{}, "a header is expected with the columns left_at and user_id or email, or both of these, and nothing else")
		return
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		var broken *csv.ParseError
		switch {
		case errors.Is(err, csv.ErrFieldCount) && errors.As(err, &broken):
			if !f.add(broken.Line, leaverLine{}, fmt.Sprintf("%d columns are expected, as in the header", len(header))) {
				return
			}
			continue
		case errors.As(err, &broken): // where the next line begins cannot be told
			f.add(broken.Line, leaverLine{}, "a quotation mark is wrong")
			return
		case err != nil:
			f.add(1, leaverLine{}, "the file cannot be read")
			return
		}
		var said leaverLine
		for name, to := range map[string]*string{"user_id": &said.User, "email": &said.Email, "left_at": &said.Left} {
			if i, ok := at[name]; ok {
				*to = record[i]
			}
		}
		if line, _ := r.FieldPos(0); !f.add(line, said, "") {
			return
		}
	}
}
