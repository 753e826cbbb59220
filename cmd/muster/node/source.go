package node

import (
	"context"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
)

// Source is where a log is: in the data directory of a stopped node, or on NATS.
type Source struct {
	Data    string
	NATSURL string // empty: the log is in the data directory
}

// Flags defines the flags --data and --nats-url.
func (s *Source) Flags(flags *pflag.FlagSet) {
	s.Data = terminal.DefaultData
	flags.Var(terminal.NotEmpty(&s.Data), "data", "data directory of a stopped service")
	flags.Var(terminal.NotEmpty(&s.NATSURL), "nats-url", "NATS servers that hold the log; by default the log is in the data directory")
	terminal.InEnvironment(flags, "data", "nats-url")
}

// Open opens the log for reading. The log and what belongs to it are not changed.
func (s *Source) Open(ctx context.Context, logger *slog.Logger) (*events.Log, error) {
	return events.Open(ctx, events.Options{Dir: s.Data, URL: s.NATSURL, ReadOnly: true, Logger: logger})
}
