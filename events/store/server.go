package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// maxMessage is the most bytes that a message of the log may have. It is NATS's
	// usual limit, which external servers have too.
	maxMessage = 1 << 20
	// headerRoom is how many of these bytes are reserved for the headers.
	headerRoom = 4 << 10
	// MaxPayload is the most bytes that the payload of a message of the log may have.
	MaxPayload = maxMessage - headerRoom

	// serverTimeout bounds how long the server and its streams may take to be ready.
	serverTimeout = 30 * time.Second
)

// startServer starts JetStream in this process. Every write is flushed to disk
// before it is acknowledged (SyncAlways). By default JetStream would flush every two
// minutes.
func startServer(dir *directory, listen string, logger *slog.Logger) (*server.Server, error) {
	o := &server.Options{
		ServerName: "muster", JetStream: true, StoreDir: dir.file("jetstream"), SyncAlways: true,
		DontListen: listen == "", NoSigs: true, MaxPayload: 2 * maxMessage,
		// JetStream may fill the disk. By default it would set its bounds by the space
		// that is free at the first start.
		JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 64 << 20,
	}
	if listen != "" {
		if err := guard(dir, listen, o); err != nil {
			return nil, err
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("configuring the embedded JetStream: %w", err)
	}
	s.SetLoggerV2(serverLog{logger}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(serverTimeout) {
		stopServer(s)
		return nil, fmt.Errorf("the embedded JetStream was not ready within %s", serverTimeout)
	}
	// The server accepts connections a moment before it reports that it is healthy.
	for deadline := time.Now().Add(serverTimeout); ; time.Sleep(time.Millisecond) {
		h := s.Healthz(nil)
		if h.Status == "ok" {
			return s, nil
		}
		if time.Now().After(deadline) {
			stopServer(s)
			return nil, fmt.Errorf("the embedded JetStream is not healthy: %s", h.Error)
		}
	}
}

func stopServer(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// serverLog writes the embedded server's log to slog. The server's notices become debug
// messages.
type serverLog struct{ logger *slog.Logger }

func (l serverLog) say(level slog.Level, format string, v []any) {
	if l.logger.Enabled(context.Background(), level) {
		l.logger.Log(context.Background(), level, "jetstream", slog.String("says", fmt.Sprintf(format, v...)))
	}
}

func (l serverLog) Noticef(format string, v ...any) { l.say(slog.LevelDebug, format, v) }
func (l serverLog) Warnf(format string, v ...any)   { l.say(slog.LevelWarn, format, v) }
func (l serverLog) Fatalf(format string, v ...any)  { l.say(slog.LevelError, format, v) }
func (l serverLog) Errorf(format string, v ...any)  { l.say(slog.LevelError, format, v) }
func (l serverLog) Debugf(format string, v ...any)  { l.say(slog.LevelDebug, format, v) }
func (l serverLog) Tracef(format string, v ...any)  { l.say(slog.LevelDebug, format, v) }
