package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// person is a line of an import, and of an export: a member to be, or one that is.
// A user id or an e-mail address says who; with the address alone they are invited.
type person struct {
	Op          string      `json:"op,omitempty"`
	UserID      string      `json:"user_id,omitempty"`
	Email       string      `json:"email,omitempty"`
	Name        *personName `json:"name,omitempty"`
	AvatarURL   string      `json:"avatar_url,omitempty"`
	Role        string      `json:"role,omitempty"`
	Permissions []string    `json:"permissions,omitempty"`
	ExpiresAt   string      `json:"expires_at,omitempty"`

	line int // where it stands in the file
}

type personName struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// personColumns are the columns of a CSV file, in the order in which they are
// exported; an import can have them in any order, and leave out what it lacks.
var personColumns = []string{"user_id", "email", "first_name", "last_name", "avatar_url", "role", "permissions", "expires_at"}

// column answers the value of a column. Permissions have spaces between them.
func (p *person) column(name string) string {
	switch name {
	case "user_id":
		return p.UserID
	case "email":
		return p.Email
	case "avatar_url":
		return p.AvatarURL
	case "role":
		return p.Role
	case "permissions":
		return strings.Join(p.Permissions, " ")
	case "expires_at":
		return p.ExpiresAt
	}
	if p.Name == nil {
		return ""
	}
	if name == "first_name" {
		return p.Name.First
	}
	return p.Name.Last
}

func (p *person) setColumn(name, value string) {
	if value == "" {
		return
	}
	switch name {
	case "user_id":
		p.UserID = value
	case "email":
		p.Email = value
	case "avatar_url":
		p.AvatarURL = value
	case "role":
		p.Role = value
	case "permissions":
		p.Permissions = strings.Fields(value)
	case "expires_at":
		p.ExpiresAt = value
	case "first_name", "last_name":
		if p.Name == nil {
			p.Name = new(personName)
		}
		if name == "first_name" {
			p.Name.First = value
		} else {
			p.Name.Last = value
		}
	}
}

// badLine is a line that cannot be read.
type badLine struct {
	line int
	error
}

// readPeople answers a function that reads the next line of the file; at its end
// it answers io.EOF, and for a line that cannot be read a [badLine].
func readPeople(r io.Reader, format string) (next func() (*person, error), err error) {
	if format == "jsonl" {
		return readJSONL(r), nil
	}
	return readCSV(r)
}

func readCSV(r io.Reader) (func() (*person, error), error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w: a first line with names of columns is expected: %s", err, strings.Join(personColumns, ","))
	}
	columns := slices.Clone(head)
	columns[0] = strings.TrimPrefix(columns[0], "\ufeff") // as spreadsheets begin
	for i, name := range columns {
		if !slices.Contains(personColumns, name) || slices.Contains(columns[:i], name) {
			return nil, fmt.Errorf("column %d is called %.40q: each of these is expected once at most: %s", i+1, name, strings.Join(personColumns, ","))
		}
	}
	return func() (*person, error) {
		record, err := in.Read()
		line, _ := in.FieldPos(0)
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			return nil, badLine{wrong.Line, wrong.Err}
		case err != nil:
			return nil, err
		}
		p := &person{line: line}
		for i, value := range record {
			p.setColumn(columns[i], value)
		}
		return p, nil
	}, nil
}

// maxLine is the longest line of a JSONL file.
const maxLine = 1 << 20

func readJSONL(r io.Reader) func() (*person, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	line := 0
	return func() (*person, error) {
		for lines.Scan() {
			line++
			text := bytes.TrimSpace(lines.Bytes())
			if len(text) == 0 {
				continue
			}
			p := &person{line: line}
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			if err := d.Decode(p); err != nil {
				return nil, badLine{line, err}
			}
			if p.Op != "" {
				return nil, badLine{line, errors.New("an import adds; it takes no op")}
			}
			return p, nil
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("line %d: %w", line+1, err)
		}
		return nil, io.EOF
	}
}
