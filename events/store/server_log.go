package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// serverLog writes the embedded server's log to slog. The server's notices become debug
// messages. While the server starts, its complaints are held back, so that a start that
// fails is reported once and with its reason.
type serverLog struct {
	logger *slog.Logger
	fatal  chan string // the reason why the server cannot run
	failed func(error) // called when a server that has started reports that it cannot write

	mu   sync.Mutex
	held []complaint // until the server has started
	live bool        // complaints are logged at once
}

// complaint is a warning or an error of the server.
type complaint struct {
	level slog.Level
	text  string
}

func newServerLog(logger *slog.Logger, failed func(error)) *serverLog {
	return &serverLog{logger: logger, fatal: make(chan string, 1), failed: failed}
}

// open logs the complaints that were held back. From then on complaints are logged at
// once.
func (l *serverLog) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.held {
		l.log(c.level, c.text)
	}
	l.held, l.live = nil, true
}

// said returns the complaints that were held back, as the end of a sentence.
func (l *serverLog) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	texts := make([]string, len(l.held))
	for i, c := range l.held {
		texts[i] = strings.TrimSpace(c.text)
	}
	if len(texts) == 0 {
		return ""
	}
	return ": " + strings.Join(texts, "; ")
}

func (l *serverLog) complain(level slog.Level, format string, v []any) {
	c := complaint{level, fmt.Sprintf(format, v...)}
	if l.hold(c) {
		return
	}
	l.log(c.level, c.text)
	if isWriteError(c.text) {
		l.failed(errors.New(c.text))
	}
}

// hold reports whether the complaint is held back.
func (l *serverLog) hold(c complaint) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.live {
		l.held = append(l.held, c)
	}
	return !l.live
}

// isWriteError reports whether the server says that a stream could not be written, or that
// JetStream is switched off because of that. A publisher never gets an answer to what could
// not be written, so this is the only way to learn of it at once.
func isWriteError(text string) bool {
	return slices.ContainsFunc([]string{
		"failed to store a msg", "ritical write error", "will be DISABLED", "disabling JetStream",
	}, func(part string) bool { return strings.Contains(text, part) })
}

func (l *serverLog) debug(format string, v []any) {
	if l.logger.Enabled(context.Background(), slog.LevelDebug) {
		l.log(slog.LevelDebug, fmt.Sprintf(format, v...))
	}
}

func (l *serverLog) log(level slog.Level, text string) {
	l.logger.Log(context.Background(), level, "jetstream", slog.String("says", text))
}

// Fatalf reports that the server cannot run. A server that is on its own would end the
// process then.
func (l *serverLog) Fatalf(format string, v ...any) {
	select {
	case l.fatal <- fmt.Sprintf(format, v...):
	default: // the first reason is the one to report
	}
	l.mu.Lock()
	live := l.live
	l.mu.Unlock()
	if live {
		l.complain(slog.LevelError, format, v)
	}
}

func (l *serverLog) Warnf(format string, v ...any)   { l.complain(slog.LevelWarn, format, v) }
func (l *serverLog) Errorf(format string, v ...any)  { l.complain(slog.LevelError, format, v) }
func (l *serverLog) Noticef(format string, v ...any) { l.debug(format, v) }
func (l *serverLog) Debugf(format string, v ...any)  { l.debug(format, v) }
func (l *serverLog) Tracef(format string, v ...any)  { l.debug(format, v) }
