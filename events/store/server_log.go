package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// serverLog writes the embedded server's log to slog. The server's notices become debug
// messages. While the server starts, its complaints are held back, so that a start that
// fails is reported once and with its reason. Lines have a limited length, and each kind of
// line a quota.
type serverLog struct {
	logger *slog.Logger
	fatal  chan string // the reason why the server cannot run
	failed func(error) // called when a server that has started reports that it cannot write

	mu     sync.Mutex
	held   []complaint // until the server has started
	live   bool        // complaints are logged at once
	quotas quotas
}

func newServerLog(logger *slog.Logger, failed func(error)) *serverLog {
	l := &serverLog{logger: logger, fatal: make(chan string, 1), failed: failed}
	l.quotas = quotas{
		kinds: map[kind]*quota{},
		leftOut: func(of kind, lines int) {
			if l.live {
				l.logger.Log(context.Background(), of.level, "jetstream says more of this kind than is logged",
					slog.String("kind", of.words), slog.Int("left_out", lines))
			}
		},
		lock: func(do func()) {
			l.mu.Lock()
			defer l.mu.Unlock()
			do()
		},
	}
	return l
}

// open logs the complaints that were held back. From then on complaints are logged at
// once.
func (l *serverLog) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.held {
		l.log(c)
	}
	l.held, l.live = nil, true
}

// Close implements [io.Closer], which a server calls when it gets another log. It logs how
// many lines were left out.
func (l *serverLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quotas.close()
	return nil
}

// said returns the complaints that were held back, as the end of a sentence.
func (l *serverLog) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	texts := make([]string, len(l.held))
	for i, c := range l.held {
		texts[i] = strings.TrimSpace(c.String())
	}
	if len(texts) == 0 {
		return ""
	}
	return ": " + strings.Join(texts, "; ")
}

func (l *serverLog) complain(level slog.Level, format string, v []any) {
	c := newComplaint(level, format, v)
	if l.add(c) && c.kind.writing {
		l.failed(errors.New(c.text))
	}
}

// add logs the complaint, or holds it back, if it is within its quota. It reports whether the
// server has started.
func (l *serverLog) add(c complaint) (live bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.quotas.take(c.kind):
	case l.live:
		l.log(c)
	default:
		l.held = append(l.held, c)
	}
	return l.live
}

func (l *serverLog) debug(format string, v []any) {
	if l.logger.Enabled(context.Background(), slog.LevelDebug) {
		c := newComplaint(slog.LevelDebug, format, v)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.quotas.take(c.kind) {
			l.log(c)
		}
	}
}

func (l *serverLog) log(c complaint) {
	l.logger.Log(context.Background(), c.kind.level, "jetstream", slog.String("says", c.String()))
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
