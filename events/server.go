package events

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

const (
	// maxMessage is the most that a message of the log may hold; NATS's usual
	// limit, which external servers have too.
	maxMessage = 1 << 20
	// headerRoom is what of it a message's headers may take.
	headerRoom = 4 << 10

	serverTimeout = 30 * time.Second
)

// startServer starts JetStream in this process. Every write is flushed to disk
// before it is acknowledged (SyncAlways); the default would flush every two
// minutes.
func startServer(dir *directory, listen string, logger *slog.Logger) (*server.Server, error) {
	o := &server.Options{
		ServerName: "muster", JetStream: true, StoreDir: dir.file("jetstream"), SyncAlways: true,
		DontListen: listen == "", NoSigs: true, MaxPayload: 2 * maxMessage,
		// Bounds that are met only when the disk is full: JetStream's own guess
		// is made from what happens to be free at the first start.
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
	// It can take connections a moment before it calls itself started.
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

// guard lets only those in who know the secret of DIR/nats-token: whoever can
// write to the log makes history.
func guard(dir *directory, listen string, o *server.Options) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--nats-listen %q: an address like 127.0.0.1:4222 is expected: %w", listen, err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("--nats-listen %q: the port is not a number", listen)
	}
	if number == 0 {
		number = server.RANDOM_PORT
	}
	path := dir.file("nats-token")
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		secret = []byte(rand.Text())
		err = writeDurably(path, append(secret, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("the embedded server's secret: %w", err)
	}
	o.Host, o.Port, o.Authorization = host, number, strings.TrimSpace(string(secret))
	return nil
}

// connectInside opens a connection to the server in this process.
func connectInside(s *server.Server, token string) (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.Token(token), nats.Name("muster"))
	if err != nil {
		return nil, fmt.Errorf("connecting to the embedded JetStream: %w", err)
	}
	return nc, nil
}

// connectOutside opens a connection to a server elsewhere, which is kept up
// through every restart of it.
func connectOutside(ctx context.Context, url string, logger *slog.Logger) (*nats.Conn, error) {
	nc, err := nats.Connect(url, nats.Name("muster"), nats.MaxReconnects(-1), nats.ReconnectWait(250*time.Millisecond),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				logger.Warn("lost the connection to NATS", slog.Any("error", err))
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			logger.Info("connected to NATS again", slog.String("server", nc.ConnectedServerName()))
		}))
	if errors.Is(err, nats.ErrAuthorization) {
		return nil, fmt.Errorf("connecting to NATS (--nats-url): %w: for the server that is embedded in muster serve, "+
			"nats://TOKEN@host:port with the token of its DATA/nats-token is expected", err)
	}
	if err != nil {
		return nil, fmt.Errorf("connecting to NATS (--nats-url): %w", err)
	}
	if err := ctx.Err(); err != nil {
		nc.Close()
		return nil, err
	}
	return nc, nil
}

func stopServer(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// serverLog hands what the embedded server says to slog; its chatter is ours at
// debug level.
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
