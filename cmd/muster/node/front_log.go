package node

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// acceptLogEvery is how often it is logged that connections cannot be accepted. The
// server tries again up to 200 times a second.
const acceptLogEvery = 10 * time.Second

// frontLog writes what the HTTP server logs. Most of it is about clients that behave
// badly, and is for debugging. A connection that cannot be accepted is an error of this
// machine: usually the process has run out of file descriptors.
type frontLog struct {
	logger *slog.Logger
	now    func() time.Time

	mu      sync.Mutex
	last    time.Time // when such an error was logged
	skipped int       // such errors since then
}

// Write logs one line.
func (l *frontLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	cause, isAccept := strings.CutPrefix(text, "http: Accept error: ")
	if !isAccept {
		l.logger.Debug("http", slog.String("says", text))
		return len(line), nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !l.last.IsZero() && now.Sub(l.last) < acceptLogEvery {
		l.skipped++
		return len(line), nil
	}
	cause, _, _ = strings.Cut(cause, "; retrying in ")
	l.logger.LogAttrs(context.Background(), slog.LevelError, "connections cannot be accepted",
		slog.String("error", cause), slog.Int("not_logged_before", l.skipped))
	l.last, l.skipped = now, 0
	return len(line), nil
}
