package store

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

	"github.com/muster-dev/muster/events/credentials"
)

// secretFile holds the secret that an embedded server demands from its clients.
const secretFile = "nats-token"

// guard lets in only clients that know the secret in DIR/nats-token, because a client
// that can write to the log can write any history, and subscribers. The gate tells them
// apart.
func guard(gate *credentials.Gate, listen string, o *server.Options) error {
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
	if number != server.RANDOM_PORT {
		if err := free(listen); err != nil {
			return err
		}
	}
	o.Host, o.Port, o.CustomClientAuthentication = host, number, gate
	return nil
}

// makeSecret returns the secret of the embedded server from DIR/nats-token, and makes one if
// there is none.
func (d *directory) makeSecret() (string, error) {
	path := d.file(secretFile)
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && blank(secret) {
		secret = []byte(rand.Text())
		err = WriteFile(path, append(secret, '\n'), 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("the embedded server's secret: %w", err)
	}
	return strings.TrimSpace(string(secret)), nil
}

// blank reports whether a power cut has left nothing of a file's content.
func blank(content []byte) bool { return strings.Trim(string(content), "\x00 \n") == "" }

// free returns an error if something else listens on the address, or if this machine has
// no such address.
func free(listen string) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--nats-listen %s: %w: stop what listens there, or choose another address", listen, err)
	}
	return listener.Close()
}

// connectInside opens a connection to the server in this process. The connection survives
// that the server is replaced.
func connectInside(e *embedded) (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(e), nats.Token(e.secret), nats.Name("muster"),
		nats.MaxReconnects(-1), nats.ReconnectWait(mendEvery), nats.SyncQueueLen(pageQueue))
	if err != nil {
		return nil, fmt.Errorf("connecting to the embedded JetStream: %w", err)
	}
	e.survive(nc)
	return nc, nil
}

// connectOutside opens a connection to a server elsewhere. The connection survives every
// restart of the server. Unless the log is only read, connectOutside waits for a server that
// does not answer yet, because servers and nodes may start at the same time. If the context
// ends first, it returns at once, and a connection that is made later is closed.
func connectOutside(ctx context.Context, o Options, entered, left func()) (*nats.Conn, error) {
	for begun, told := time.Now(), false; ; {
		conn, err := dialOnce(ctx, func() (*nats.Conn, error) { return dial(o.URL, o.Logger, entered, left) })
		if err == nil || o.ReadOnly || !errors.Is(err, nats.ErrNoServers) && !errors.Is(err, nats.ErrTimeout) || time.Since(begun) > openFor {
			return conn, err
		}
		if !told {
			told = true
			o.Logger.Warn("waiting for a NATS server", slog.Duration("at_most", openFor), slog.Any("error", err))
		}
		select {
		case <-time.After(dialAgainAfter):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// dialAgainAfter is the pause before servers are tried again of which none answers.
const dialAgainAfter = 250 * time.Millisecond

// dialOnce makes a connection, and gives up when the context ends.
func dialOnce(ctx context.Context, dial func() (*nats.Conn, error)) (*nats.Conn, error) {
	type result struct {
		conn *nats.Conn
		err  error
	}
	connected := make(chan result, 1)
	go func() {
		conn, err := dial()
		connected <- result{conn, err}
	}()
	select {
	case r := <-connected:
		return r.conn, r.err
	case <-ctx.Done():
		go func() { // NATS gives up within seconds
			if r := <-connected; r.conn != nil {
				r.conn.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// dial tries every server of the URL once. The function left is called each time that the
// connection is lost, and entered each time that it is made again.
func dial(url string, logger *slog.Logger, entered, left func()) (*nats.Conn, error) {
	nc, err := nats.Connect(url, nats.Name("muster"), nats.MaxReconnects(-1), nats.ReconnectWait(dialAgainAfter), nats.SyncQueueLen(pageQueue),
		// A server that is frozen or cut off says nothing. Pings notice it within 6 s. While a
		// connection is made again, calls wait for that, so it must not take long either.
		nats.Timeout(time.Second), nats.PingInterval(2*time.Second), nats.MaxPingsOutstanding(2), nats.FlusherTimeout(attemptTimeout),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			left()
			if err != nil {
				logger.Warn("lost the connection to NATS", slog.Any("error", err))
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			entered()
			logger.Info("connected to NATS again", slog.String("server", nc.ConnectedServerName()))
		}))
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return nil, fmt.Errorf("connecting to NATS (--nats-url): %w: for the server that is embedded in muster serve, "+
			"nats://TOKEN@host:port with the token of its DATA/nats-token is expected", err)
	case err != nil:
		return nil, fmt.Errorf("connecting to NATS (--nats-url): %w", err)
	}
	return nc, nil
}
