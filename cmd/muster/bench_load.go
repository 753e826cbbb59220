package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/muster-dev/muster/domain"
)

// The floors, by the names that other lines refer to them.
const (
	floorFlush = "flush one file"
	floorGet   = "empty HTTP GET"
	floorPost  = "empty HTTP POST"
)

// line is one thing to measure: each caller makes its own doer, and then does the
// thing again and again.
type line struct {
	what    string
	callers int
	floor   string
	writes  bool // each is a command
	caller  func() (do func(context.Context) error, done func() error, err error)
}

func (b *bench) lines(dir string) []line {
	workspace := "/v1/workspaces/" + b.ws.String()
	check := fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"permission":%q}`, b.owner, b.ws, domain.PermissionMembersManage)
	add := func() string {
		return fmt.Sprintf(`{"user_id":%q,"role":"editor"}`, newID[domain.UserID]())
	}
	fixed := func(body string) func() string { return func() string { return body } }
	return []line{
		{floorFlush, 1, "", false, flusher(dir)},
		{floorGet, 64, "", false, b.caller(http.MethodGet, "/floor", nil)},
		{floorPost, 64, "", false, b.caller(http.MethodPost, "/floor", fixed(check))},
		{"command in process", 1, floorFlush, true, b.inProcess(b.add)},
		{"command in process", 64, floorFlush, true, b.inProcess(b.add)},
		{"command in process, durable only", 64, floorFlush, true, b.inProcess(b.append)},
		{"add member", 1, floorFlush, true, b.caller(http.MethodPost, workspace+"/members", add)},
		{"add member", 64, floorFlush, true, b.caller(http.MethodPost, workspace+"/members", add)},
		{"add member", 256, floorFlush, true, b.caller(http.MethodPost, workspace+"/members", add)},
		{"get member", 64, floorGet, false, b.caller(http.MethodGet, workspace+"/members/"+b.owner.String(), nil)},
		{"check access", 64, floorPost, false, b.caller(http.MethodPost, "/v1/access/check", fixed(check))},
		{"list 100 members", 64, floorGet, false, b.caller(http.MethodGet, workspace+"/members?page_size=100", nil)},
	}
}

// measure lets the callers of a line work for the time that there is.
func (b *bench) measure(ctx context.Context, l line) error {
	_, before, err := b.node.log.Size(ctx)
	if err != nil {
		return err
	}
	times := make([][]time.Duration, l.callers)
	errs := make([]error, l.callers)
	begin := time.Now()
	end := begin.Add(b.each)
	var wg sync.WaitGroup
	for i := range l.callers {
		wg.Go(func() { times[i], errs[i] = l.work(ctx, end) })
	}
	wg.Wait()
	took := time.Since(begin)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, after, err := b.node.log.Size(ctx)
	if err != nil {
		return err
	}
	all := slices.Concat(times...)
	slices.Sort(all)
	m := measured{
		What: l.what, Callers: l.callers, PerSecond: float64(len(all)) / took.Seconds(),
		P50: all[len(all)/2], P99: all[len(all)*99/100], Floor: l.floor,
	}
	for _, floor := range b.results {
		if floor.What == l.floor {
			m.Ratio = m.PerSecond / floor.PerSecond
		}
	}
	if l.writes {
		m.Flushes = float64(after-before) / float64(len(all))
	}
	b.results = append(b.results, m)
	return nil
}

// work is one caller: it does the thing until the end, at least once.
func (l line) work(ctx context.Context, end time.Time) (times []time.Duration, err error) {
	do, done, err := l.caller()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	for begin := time.Now(); len(times) == 0 || begin.Before(end); {
		if err := do(ctx); err != nil {
			return times, err
		}
		now := time.Now()
		times = append(times, now.Sub(begin))
		begin = now
	}
	return times, nil
}

func (b *bench) inProcess(add func(context.Context, ...domain.ProfileFacts) error) func() (func(context.Context) error, func() error, error) {
	return func() (func(context.Context) error, func() error, error) {
		return func(ctx context.Context) error { return add(ctx) }, func() error { return nil }, nil
	}
}

// flusher appends 512 bytes to a file and flushes it.
func flusher(dir string) func() (func(context.Context) error, func() error, error) {
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

// caller sends requests on a connection of its own. It writes them by hand: the
// load must cost little beside what it measures, on the same cores.
func (b *bench) caller(method, path string, body func() string) func() (func(context.Context) error, func() error, error) {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", method, path, b.host, b.token)
	return func() (func(context.Context) error, func() error, error) {
		conn, err := net.Dial("tcp", b.host)
		if err != nil {
			return nil, nil, err
		}
		answers := bufio.NewReader(conn)
		var request []byte
		return func(context.Context) error {
			request = append(request[:0], head...)
			if body != nil {
				text := body()
				request = fmt.Appendf(request, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
			} else {
				request = append(request, "\r\n"...)
			}
			if _, err := conn.Write(request); err != nil {
				return err
			}
			return readAnswer(answers)
		}, conn.Close, nil
	}
}

// readAnswer reads one answer, and refuses one that is an error.
func readAnswer(r *bufio.Reader) error {
	var status, length int
	var chunked bool
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		name, value, _ := bytes.Cut(line, []byte(" "))
		switch {
		case len(line) == 0:
			return readBody(r, status, length, chunked)
		case status == 0:
			status, err = strconv.Atoi(string(value[:min(3, len(value))]))
		case bytes.EqualFold(name, []byte("Content-Length:")):
			length, err = strconv.Atoi(string(value))
		case bytes.EqualFold(name, []byte("Transfer-Encoding:")):
			chunked = true
		}
		if err != nil {
			return fmt.Errorf("reading an answer: %w", err)
		}
	}
}

func readBody(r *bufio.Reader, status, length int, chunked bool) error {
	body := io.LimitReader(r, int64(length))
	if chunked {
		body = httputil.NewChunkedReader(r)
	}
	var text []byte
	var err error
	if status >= http.StatusBadRequest {
		text, err = io.ReadAll(body)
		err = errors.Join(refusal(http.StatusText(status), text), err)
	} else {
		_, err = io.Copy(io.Discard, body)
	}
	if chunked {
		_, last := r.ReadSlice('\n')
		err = errors.Join(err, last)
	}
	return err
}
