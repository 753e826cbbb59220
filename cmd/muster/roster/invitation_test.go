package roster

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
)

// The file has every invited person once, with a token that accepts and that can be part
// of a link as it is. Only its owner can read it.
func TestInvitationsInFile(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	ws := s.workspace(org, owner)
	name := filepath.Join(t.TempDir(), "invitations.csv")
	file := "user_id,email,role\n" + uuid.NewString() + ",added@x.example,viewer\n"
	for n := range 10 {
		file += fmt.Sprintf(",=invited%d@x.example,viewer\n", n)
	}
	file += ",=invited1@x.example,viewer\n"
	_, _, err := s.run(NewImport(), file, "-", "--workspace", ws, "--batch", "3", "--invitations", name, "--invitation-link", "https://app.example/join?to={token}")
	if err == nil || err.Error() != "1 line was rejected" {
		t.Errorf("%v", err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil || len(rows) != 11 || strings.Join(rows[0], ",") != "line,email,user_id,token,link,expires_at" {
		t.Fatalf("%v\n%s", err, text)
	}
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		email, token, link := row[1], row[3], row[4]
		if !strings.HasPrefix(email, "'=invited") || seen[email] || url.QueryEscape(token) != token || link != "https://app.example/join?to="+token {
			t.Errorf("%q", row)
		}
		seen[email] = true
		var accepted struct {
			User  string `json:"user_id"`
			State string `json:"state"`
		}
		s.call(http.MethodPost, "/v1/invitations/accept", fmt.Sprintf(`{"token":%q}`, token), &accepted)
		if accepted.User != row[2] || accepted.State != "active" {
			t.Errorf("%q is accepted as %v", row, accepted)
		}
	}

	// A file that exists is left as it is, and nobody is invited.
	_, _, err = s.run(NewImport(), "email,role\nlate@x.example,viewer\n", "-", "--workspace", ws, "--invitations", name)
	if err == nil || !strings.Contains(err.Error(), "the file already exists") {
		t.Errorf("%v", err)
	}
	if after, err := os.ReadFile(name); err != nil || string(after) != string(text) || strings.Contains(s.exports(ws, "csv"), "late@") {
		t.Errorf("%v: the file or the members have changed", err)
	}
}

// What has been invited before a failure is in the file.
func TestInvitationsBeforeFailure(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	name := filepath.Join(t.TempDir(), "invitations.csv")
	var batches atomic.Int32
	s.onBatches(func(*http.Request) (func(), bool) { return func() {}, batches.Add(1) == 2 })
	_, _, err := s.run(NewImport(), "email,role\na@x.example,viewer\nb@x.example,viewer\n", "-", "--workspace", s.workspace(org, owner),
		"--batch", "1", "--parallel", "1", "--invitations", name)
	if text, read := os.ReadFile(name); err == nil || read != nil || !strings.Contains(string(text), "\n2,a@x.example,") || strings.Count(string(text), "\n") != 2 {
		t.Errorf("%v, %v\n%s", err, read, text)
	}
}

// A file without invitations is removed, so that the next run can make it.
func TestInvitationsOfNobody(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	ws := s.workspace(org, owner)
	name := filepath.Join(t.TempDir(), "invitations.csv")
	s.onBatches(func(*http.Request) (func(), bool) { return func() {}, true })
	invite := func() error {
		_, _, err := s.run(NewImport(), "email,role\na@x.example,viewer\n", "-", "--workspace", ws, "--invitations", name)
		return err
	}
	if err := invite(); err == nil {
		t.Error("nothing was sent, and there is no error")
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is left behind: %v", err)
	}
	s.before.Store(nil)
	if err := invite(); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(name); err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("%v\n%s", err, text)
	}
}

// A file that cannot be written is refused by its name before anybody is invited.
func TestInvitationsCannotBeWritten(t *testing.T) {
	read, err := os.Open(os.DevNull) // for reading
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	w := &invitations{file: read, csv: csv.NewWriter(read)}
	if err := w.begin("x.csv"); err == nil || !strings.HasPrefix(err.Error(), "--invitations x.csv: the names of the columns cannot be written: ") {
		t.Error(err)
	}
}

// The report carries them when it is asked to.
func TestInvitationsInReport(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	ws := s.workspace(org, owner)
	r := s.imports(ws, "email,role\na@x.example,viewer\nb@x.example,viewer\n", "--invitations", "-", "--batch", "1")
	if r.Invitations == nil || len(*r.Invitations) != 2 || (*r.Invitations)[0].Line != 2 || !strings.HasPrefix((*r.Invitations)[1].Token, "inv_") {
		t.Errorf("%v", r.Invitations)
	}
	if r := s.imports(ws, "email,role\nc@x.example,viewer\n"); r.Invitations != nil || r.Invited != 1 {
		t.Errorf("not asked for: %v", r.Invitations)
	}
}

func TestInvitationFlags(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--invitations", "x", "--dry-run"}, "a dry run invites nobody"},
		{[]string{"--invitations", "-"}, "only with --format json"},
		{[]string{"--invitation-link", "https://x.example/{token}"}, "the file that --invitations names"},
		{[]string{"--invitation-link", "https://x.example/"}, "an address with {token} in it is expected"},
		{[]string{"--invitation-link", "join/{token}"}, "an address with {token} in it is expected"},
	} {
		_, _, err := s.run(NewImport(), "email,role\n", append([]string{"-", "--workspace", uuid.NewString()}, c.flags...)...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.flags, err)
		}
	}
}
