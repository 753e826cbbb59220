package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/domain"
)

// The names of the floors, by which other lines refer to them.
const (
	floorFlush = "flush one file"
	floorGet   = "empty HTTP GET"
	floorPost  = "empty HTTP POST"
)

// line is one thing to measure.
type line struct {
	what    string
	callers int
	floor   string // the line that this one is compared with, empty for none
	writes  bool   // each call is a command
	caller  caller
}

// caller makes one caller of a line. It calls do again and again, and close at the end.
type caller func() (do func(context.Context) error, close func() error, err error)

func (b *bench) lines(dir string) []line {
	workspace := "/v1/workspaces/" + b.ws.String()
	check := fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"permission":%q}`, b.owner, b.ws, domain.PermissionMembersManage)
	add := func() string {
		return fmt.Sprintf(`{"user_id":%q,"role":"editor"}`, node.NewID[domain.UserID]())
	}
	fixed := func(body string) func() string { return func() string { return body } }
	return []line{
		{floorFlush, 1, "", false, flusher(dir)},
		{floorGet, 64, "", false, b.requests(http.MethodGet, "/floor", nil)},
		{floorPost, 64, "", false, b.requests(http.MethodPost, "/floor", fixed(check))},
		{"command in process", 1, floorFlush, true, b.inProcess(b.add)},
		{"command in process", 64, floorFlush, true, b.inProcess(b.add)},
		{"command in process, durable only", 64, floorFlush, true, b.inProcess(b.append)},
		{"add member", 1, floorFlush, true, b.requests(http.MethodPost, workspace+"/members", add)},
		{"add member", 64, floorFlush, true, b.requests(http.MethodPost, workspace+"/members", add)},
		{"add member", 256, floorFlush, true, b.requests(http.MethodPost, workspace+"/members", add)},
		{"get member", 64, floorGet, false, b.requests(http.MethodGet, workspace+"/members/"+b.owner.String(), nil)},
		{"check access", 64, floorPost, false, b.requests(http.MethodPost, "/v1/access/check", fixed(check))},
		{"list 100 members", 64, floorGet, false, b.requests(http.MethodGet, workspace+"/members?page_size=100", nil)},
	}
}

// inProcess returns a caller that runs commands without HTTP.
func (b *bench) inProcess(add func(context.Context, ...domain.ProfileFacts) error) caller {
	return func() (func(context.Context) error, func() error, error) {
		return func(ctx context.Context) error { return add(ctx) }, func() error { return nil }, nil
	}
}

// flusher returns a caller that appends 512 bytes to a file and flushes it.
func flusher(dir string) caller {
	return func() (func(context.Context) error, func() error, error) {
		f, err := os.Create(filepath.Join(dir, "floor"))
		if err != nil {
			return nil, nil, err
		}
		record := make([]byte, 512)
		return func(context.Context) error {
			_, err := f.Write(record)
			return errors.Join(err, f.Sync())
		}, f.Close, nil
	}
}
