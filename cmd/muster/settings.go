package main

import (
	"io"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/dialect"
	"github.com/muster-dev/muster/transport/webhook"
)

// settings are the flags of serve.
type settings struct {
	listen     string
	data       string
	natsURL    string
	natsListen string
	natsUsers  subscribers
	partitions int
	rateLimit  int
	demo       bool
	oidc       auth.OIDC
	faces      []transport.Face
	origins    []string
	webhooks   webhook.Options
	witnesses  []proof.Witness
	logging    terminal.Logging
}

// flags defines the flags with their defaults.
func (s *settings) flags(f *pflag.FlagSet) {
	s.listen, s.faces = "127.0.0.1:8080", dialect.All()
	f.Var(terminal.Address(&s.listen), "listen", "address of the API")
	s.data = terminal.DefaultData
	f.Var(terminal.NotEmpty(&s.data), "data", "data directory")
	f.Var(terminal.NotEmpty(&s.natsURL), "nats-url", "NATS servers that hold the log, separated by commas; the embedded server by default")
	f.Var(terminal.Address(&s.natsListen), "nats-listen", "address on which the embedded NATS server listens, for subscribers and auditors; by default it does not listen")
	s.natsUsers.flags(f)
	f.Var(terminal.NewCount(&s.partitions, store.MaxPartitions), "partitions", "number of partitions of a new log, which cannot be changed later; by default 1, and 4 with --nats-url")
	f.Var(terminal.NewNatural(&s.rateLimit), "rate-limit", "requests per second that a token may make; 0 is no limit")
	f.Var(dialects{&s.faces}, "dialects", "other vendors' APIs to serve in addition to the native one, separated by commas, or none")
	f.Var(origins{&s.origins}, "cors-origin", "origin whose pages may call the API from a browser, like https://app.acme.example; may be repeated, or contain several separated by commas; by default no page may")
	f.Var(witnesses{&s.witnesses}, "witness", "witness that is asked to sign the log's checkpoints: its verifying key and its URL with a plus sign between them, or the file of a witness policy; may be repeated, or contain several separated by commas")
	s.oidcFlags(f)
	s.webhookFlags(f)
	f.Var(terminal.NewToggle(&s.demo), "demo", "fill an empty log with a sample organization, and print commands that show it")
	f.Lookup("demo").NoOptDefVal = "true"
	terminal.InEnvironment(f, "listen", "data", "nats-url", "nats-listen", "partitions", "rate-limit", "dialects", "cors-origin", "witness", "demo")
	s.logging.Flags(f, "info")
}

// node returns what the settings say of the node.
func (s *settings) node(logger *slog.Logger, stderr io.Writer) node.Options {
	webhooks := s.webhooks
	webhooks.Version = version()
	return node.Options{
		Data: s.data, NATSURL: s.natsURL, NATSListen: s.natsListen, NATSCallout: s.natsUsers.callout.keys, NATSPublic: s.natsUsers.urls,
		Partitions: s.partitions, Webhooks: webhooks, Witnesses: s.witnesses, Logger: logger, Stderr: stderr,
	}
}
