package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/muster-dev/muster/events/credentials"
)

const (
	// maxMessage is the most bytes that a message of the log may have. It is NATS's
	// usual limit, which external servers have too.
	maxMessage = 1 << 20
	// headerRoom is how many of these bytes are reserved for the headers.
	headerRoom = 4 << 10
	// MaxPayload is the most bytes that the payload of a message of the log may have.
	MaxPayload = maxMessage - headerRoom

	// serverTimeout bounds how long the server may take to be ready, and after that how
	// long it may take to report that its streams are healthy.
	serverTimeout = 30 * time.Second
	// startPoll is how often a starting server is asked whether it is ready.
	startPoll = 5 * time.Millisecond
)

// embeddedName is the name of embedded servers.
const embeddedName = "muster"

// flushAlways is true. The test of power cuts shows with false that it would notice lost
// messages.
var flushAlways = true

// startServer starts JetStream in this process. Every write is flushed to disk
// before it is acknowledged (SyncAlways). By default JetStream would flush every two
// minutes. What the server reports while it starts is part of the error if it fails.
// Later, failed is called when the server reports that it cannot write. If the server is to
// listen, it has the gate.
func startServer(ctx context.Context, dir *directory, listen string, gate *credentials.Gate, logger *slog.Logger, failed func(error)) (*server.Server, error) {
	o := &server.Options{
		ServerName: embeddedName, JetStream: true, StoreDir: dir.file(jetstreamDir), SyncAlways: flushAlways,
		DontListen: listen == "", NoSigs: true, MaxPayload: 2 * maxMessage,
		// Most subjects are those of a workspace in the feed. There are too many for a cache.
		NoSublistCache: true,
		// JetStream may fill the disk. By default it would set its bounds by the space
		// that is free at the first start.
		JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 64 << 20,
	}
	if listen != "" {
		if err := guard(gate, listen, o); err != nil {
			return nil, err
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("configuring the embedded JetStream: %w", err)
	}
	log := newServerLog(logger, failed)
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	if err := started(ctx, s, log); err != nil {
		stopServer(s)
		return nil, err
	}
	if gate != nil {
		if err := gate.Attach(s); err != nil {
			stopServer(s)
			return nil, err
		}
	}
	log.open()
	return s, nil
}

// started waits until the server accepts connections and its streams are healthy. The
// server becomes healthy a moment after it accepts connections.
func started(ctx context.Context, s *server.Server, log *serverLog) error {
	begun := time.Now()
	for !s.ReadyForConnections(startPoll) {
		if err := startFailed(ctx, log, s.StoreDir()); err != nil {
			return err
		}
		if time.Since(begun) > serverTimeout {
			return fmt.Errorf("the embedded JetStream was not ready within %s%s", serverTimeout, log.said())
		}
	}
	begun = time.Now()
	for {
		h := s.Healthz(nil)
		if h.Status == "ok" {
			return nil
		}
		if err := startFailed(ctx, log, s.StoreDir()); err != nil {
			return err
		}
		if time.Since(begun) > serverTimeout {
			return fmt.Errorf("the embedded JetStream is not healthy: %s%s", h.Error, log.said())
		}
		time.Sleep(startPoll)
	}
}

// startFailed returns why a starting server will never be ready. It returns nil if the
// server may still become ready.
func startFailed(ctx context.Context, log *serverLog, dir string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	select {
	case why := <-log.fatal:
		return fmt.Errorf("the embedded JetStream does not start: %s: %s", dir, why)
	default:
		return nil
	}
}

func stopServer(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
	s.SetLoggerV2(nil, false, false, false) // closes its log
}
