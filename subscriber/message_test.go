package subscriber

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// heard returns the messages of a stream as ID=DATA, and the reader when it has ended.
func heard(t *testing.T, r io.Reader) ([]string, *messages) {
	t.Helper()
	var all []string
	m := newMessages(r)
	for {
		one, err := m.next()
		if errors.Is(err, errEnded) {
			return all, m
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one.id+"="+string(one.data))
	}
}

func TestMessages(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"comments", ": muster\n\n:\n\n:x\n\n", nil},
		{"one", "id: 0-1\nevent: a\ndata: {}\n\n", []string{"0-1={}"}},
		{"two", "id: 0-1\ndata: a\n\nid: 0-2\ndata: b\n\n", []string{"0-1=a", "0-2=b"}},
		{"the id stays", "id: 0-1\ndata: a\n\ndata: b\n\n", []string{"0-1=a", "0-1=b"}},
		{"several lines", "data: a\ndata\ndata:  b\n\n", []string{"=a\n\n b"}},
		{"no space", "id:1\ndata:a:b\n\n", []string{"1=a:b"}},
		{"without data", "id: 1\n\ndata: a\n\n", []string{"1=a"}},
		{"cut off", "data: a\n\ndata: b\n", []string{"=a"}},
		{"cut off in a line", "data: a\n\ndata: b", []string{"=a"}},
		{"beginning with a mark", "\uFEFFdata: a\n\n", []string{"=a"}},
		{"other fields", "x: y\ndata: a\nDATA: b\n\n", []string{"=a"}},
	} {
		for name, ending := range map[string]string{"LF": "\n", "CR": "\r", "CRLF": "\r\n"} {
			text := strings.ReplaceAll(c.text, "\n", ending)
			want := slices.Clone(c.want)
			if got, _ := heard(t, strings.NewReader(text)); !slices.Equal(got, want) {
				t.Errorf("%s with %s: %q", c.name, name, got)
			}
			if got, _ := heard(t, iotest.OneByteReader(strings.NewReader(text))); !slices.Equal(got, want) {
				t.Errorf("%s with %s, byte by byte: %q", c.name, name, got)
			}
		}
	}
}

func TestMessagesRetry(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"retry: 2500\n\n": 2500 * time.Millisecond, "retry: 99999999\n\n": mostRetry, "retry: soon\n\n": 0, "retry: -1\n\n": 0,
	} {
		if _, m := heard(t, strings.NewReader(text)); m.retry != want {
			t.Errorf("%q: %v", text, m.retry)
		}
	}
}

// A line without an end does not fill the memory.
func TestMessagesBounded(t *testing.T) {
	if _, err := newMessages(io.MultiReader(strings.NewReader("data: "), endless{})).next(); err == nil || errors.Is(err, errEnded) {
		t.Errorf("a line without an end: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// However a stream comes in pieces, it has the same messages.
func FuzzMessages(f *testing.F) {
	f.Add([]byte("id: 0-1\r\ndata: a\rdata: b\n\n:\n\nretry: 5\n\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		whole, _ := heard(t, bytes.NewReader(text))
		pieces, _ := heard(t, iotest.OneByteReader(bytes.NewReader(text)))
		if !slices.Equal(whole, pieces) {
			t.Errorf("at once %q, byte by byte %q", whole, pieces)
		}
	})
}
