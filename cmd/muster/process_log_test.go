package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// processLog keeps what a process writes to standard error, and finds there when and
// where it listens.
type processLog struct {
	// listening is closed when the process has logged that it listens.
	listening chan struct{}

	mu   sync.Mutex
	text []byte
	addr string // where it listens, empty until then
}

func newProcessLog() *processLog { return &processLog{listening: make(chan struct{})} }

// Write adds to the log.
func (l *processLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	if l.addr == "" {
		l.listen()
	}
	return len(b), nil
}

// logLine is what tests look at in a line of the log.
type logLine struct {
	Message string `json:"msg"`
	Addr    string `json:"addr"`
	URL     string `json:"url"`
	Error   string `json:"error"`
}

func (l *processLog) listen() {
	if line, ok := lineOf(l.text, "listening"); ok {
		l.addr = line.Addr
		close(l.listening)
	}
}

// find returns the first line with the message.
func (l *processLog) find(message string) (logLine, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lineOf(l.text, message)
}

func lineOf(text []byte, message string) (logLine, bool) {
	for line := range bytes.Lines(text) {
		var said logLine
		if json.Unmarshal(line, &said) == nil && said.Message == message {
			return said, true
		}
	}
	return logLine{}, false
}

// address returns where the process listens.
func (l *processLog) address() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addr
}

// String returns all of it.
func (l *processLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// last returns the last n lines.
func (l *processLog) last(n int) string {
	lines := strings.SplitAfter(l.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-n-1):], "")
}
