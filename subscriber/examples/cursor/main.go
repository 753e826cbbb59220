package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/muster-dev/muster/subscriber"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "cursor:", err)
		os.Exit(1)
	}
}

// wanted are the events that there are notices for.
const wanted = "muster.member.*"

func run(ctx context.Context, arguments []string) (err error) {
	flags := flag.NewFlagSet("cursor", flag.ContinueOnError)
	file := flags.String("db", "cursor.db", "database")
	url := flags.String("url", "http://127.0.0.1:8080", "follow: address of the service")
	organization := flags.String("organization", "", "follow: the organization; by default that of the token")
	listen := flags.String("listen", "127.0.0.1:8000", "receive: address to receive webhooks on")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	n, err := openNotices(*file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	switch flags.Arg(0) {
	case "follow":
		options := []subscriber.Option{subscriber.Logger(logger)}
		if *organization != "" {
			options = append(options, subscriber.Organization(*organization))
		}
		return follow(ctx, subscriber.New(*url, os.Getenv("MUSTER_TOKEN"), options...), n)
	case "receive":
		return receive(ctx, *listen, os.Getenv("MUSTER_WEBHOOK_SECRET"), n, logger)
	}
	return errors.New("a command is expected: follow or receive")
}

// follow handles the events of the stream, from where it stopped the last time.
func follow(ctx context.Context, client *subscriber.Client, n *notices) error {
	from, err := position(ctx, n.db)
	if err != nil {
		return err
	}
	for event, err := range client.Events(ctx, subscriber.After(from), subscriber.Types(wanted)) {
		if err != nil {
			return err
		}
		if err := n.handle(ctx, []subscriber.Event{event}); err != nil {
			return err
		}
	}
	return nil
}

// receive handles the events of webhooks. There are two secrets, separated by a comma, while
// one is rotated. A subscription with batches has all events of a request handled in one
// transaction.
func receive(ctx context.Context, address, secrets string, n *notices, logger *slog.Logger) error {
	webhook, err := subscriber.NewWebhook(strings.Split(secrets, ",")...)
	if err != nil {
		return fmt.Errorf("MUSTER_WEBHOOK_SECRET: %w", err)
	}
	webhook.Logger = logger
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	logger.LogAttrs(ctx, slog.LevelInfo, "receiving", slog.String("url", "http://"+listener.Addr().String()))
	server := &http.Server{Handler: webhook.BatchHandler(n.handle), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	return server.Serve(listener)
}
