package follow

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/cmd/muster/client"
)

// The events up to now are printed byte for byte as the service lists them, and those that a
// filter leaves out are not. A cursor gets to the end also if the filter leaves out the end.
func TestUntilLatest(t *testing.T) {
	s := serve(t)
	s.add()
	all := s.events()
	got, err := s.follow("--from", "earliest", "--until", "latest", "--format", "jsonl").rest()
	if err != nil || !slices.Equal(got, all) {
		t.Errorf("%v: it prints\n%s\nand the service lists\n%s", err, strings.Join(got, "\n"), strings.Join(all, "\n"))
	}
	file := filepath.Join(t.TempDir(), "cursor")
	got, err = s.follow("--after", "0-1", "--until", "latest", "--type", "workspace.created,muster.organization.*", "--format", "jsonl", "--cursor-file", file).rest()
	want := slices.DeleteFunc(slices.Clone(all[1:]), func(e string) bool {
		return !strings.Contains(e, `"muster.workspace.created"`) && !strings.Contains(e, `"muster.organization.`)
	})
	if err != nil || !slices.Equal(got, want) || len(want) != 2 {
		t.Errorf("%v: with a filter it prints\n%s\nnot\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	requireCursor(t, file, "0-6")
	if got, err := s.follow("--from", "0-3", "--until", "0-4", "--format", "jsonl").rest(); err != nil || !slices.Equal(got, all[2:4]) {
		t.Errorf("%v: %q", err, got)
	}
	if got, err := s.follow("--from", "earliest", "--until", "2020-01-01", "--format", "jsonl").rest(); err != nil || got != nil {
		t.Errorf("%v: %q", err, got)
	}
	if _, err := s.follow("--until", "0-7").rest(); err == nil || !strings.Contains(err.Error(), "the last position is 0-6") {
		t.Error(err)
	}
}

// A run until a time that comes follows until then.
func TestUntilTime(t *testing.T) {
	s := serve(t)
	until := time.Now().Add(time.Second)
	r := s.follow("--after", "0-5", "--until", until.Format(time.RFC3339Nano), "--format", "jsonl")
	s.add()
	want := s.events()[5:]
	if got, err := r.rest(); err != nil || !slices.Equal(got, want) || time.Now().Before(until) {
		t.Errorf("%v: %q, not %q", err, got, want)
	}
	if said := r.errors(); said != "" {
		t.Errorf("it says %s", said)
	}
}

// requireCursor fails the test unless the file has the position.
func requireCursor(t *testing.T, file, position string) {
	t.Helper()
	if text, err := os.ReadFile(file); err != nil || string(text) != position+"\n" {
		t.Errorf("the file has %q, not %s: %v", text, position, err)
	}
}

// A run that is interrupted and started again with its file prints every event once. The
// position is in the file before an event comes, so that none is missed that comes between
// the runs.
func TestCursorFile(t *testing.T) {
	s := serve(t)
	file := filepath.Join(t.TempDir(), "cursor")
	last := len(s.events())
	var got []string
	for range 3 {
		s.add()
		r := s.follow("--after", "0-5", "--cursor-file", file, "--format", "jsonl")
		got = append(got, r.line())
		s.add()
		got = append(got, r.line())
		r.stop()
		if !strings.Contains(r.errors(), "the same command resumes there") {
			t.Errorf("it says %q", r.errors())
		}
	}
	if want := s.events()[last:]; !slices.Equal(got, want) || len(want) != 6 {
		t.Errorf("it prints\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	requireCursor(t, file, "0-11")
	if err := os.WriteFile(file, []byte("0-99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.follow("--cursor-file", file).rest(); err == nil || !strings.Contains(err.Error(), "unknown_position: ") || !strings.Contains(err.Error(), "the position 0-99 is from "+file) {
		t.Error(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.follow("--cursor-file", file).rest(); err == nil || !strings.Contains(err.Error(), "delete it to begin where --after or --from says") {
		t.Error(err)
	}
}

// When the connection is lost, each event is printed once nevertheless, and both the loss and
// its end are said.
func TestConnectionLost(t *testing.T) {
	s := serve(t)
	first := len(s.events())
	r := s.follow("--after", "0-5", "--format", "jsonl", "--count", "4")
	var got []string
	for range 2 {
		s.add()
		got = append(got, r.line())
		http.DefaultClient.CloseIdleConnections() // those of the test itself
		s.server.CloseClientConnections()
		s.add()
		got = append(got, r.line())
	}
	if more, err := r.rest(); err != nil || more != nil {
		t.Errorf("it ends with %v, after %q", err, more)
	}
	if want := s.events()[first:]; !slices.Equal(got, want) {
		t.Errorf("it prints\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	said := r.errors()
	if strings.Count(said, "The connection is lost: the service at "+s.server.URL+" closed it.") != 2 || strings.Count(said, "Connected again, and going on after 0-") != 2 {
		t.Errorf("it says %s", said)
	}
}

// A stream ends with an error when its token is revoked, and says where to resume.
func TestTokenRevoked(t *testing.T) {
	s := serve(t)
	id, secret := s.token("events:read")
	r := s.follow("--token", secret, "--after", fmt.Sprintf("0-%d", len(s.events()))) // it may connect only after the event
	if s.add(); !strings.Contains(r.line(), "member.added") {
		t.Error("it does not print the event")
	}
	s.call(http.MethodDelete, "/v1/organizations/"+s.org+"/tokens/"+id, "", nil)
	_, err := r.rest()
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != "invalid_token" || !strings.HasSuffix(r.errors(), "To resume: --after 0-7\n") {
		t.Errorf("%v: %s", err, r.errors())
	}
}

// What is wrong with a request is an error at once, also after a stop of the service.
func TestRefused(t *testing.T) {
	s := serve(t)
	_, narrow := s.token("workspaces:read")
	for _, c := range []struct{ arguments, want string }{
		{"--token wrong", "invalid_token: "},
		{"--token " + narrow, "insufficient_scope: "},
		{"--organization " + uuid.NewString(), "not_found: "},
		{"--type member.hired", "query.type: "},
		{"--after 0-99", "unknown_position: "},
		{"--after 7-1", "query.after: "},
		{"--after latest --from latest", "none of the others can be"},
		{"--from 0-0", "the first position of a partition has the number 1"},
		{"--until earliest", "there is no event before the first one"},
		{"--after soon", "a position like 3-1042"},
		{"--url http://127.0.0.1:1", "cannot be reached"},
	} {
		if _, err := s.follow(strings.Fields(c.arguments)...).rest(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.arguments, err)
		}
	}
}
