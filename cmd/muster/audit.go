package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/events"
)

func newAudit() *cobra.Command {
	return group(&cobra.Command{
		Use: "audit", Short: "Read the log, and prove that it is whole",
		Long: "Audit reads the log without changing anything: that of a stopped service in its data\n" +
			"directory (--data), or that of a running one on its NATS (--nats-url).",
	}, newReplay(), newVerify())
}

// source is where a log is.
type source struct{ data, natsURL string }

func (s *source) flags(flags *pflag.FlagSet) {
	flags.StringVar(&s.data, "data", defaultData, "data directory of a stopped service")
	flags.StringVar(&s.natsURL, "nats-url", "", "NATS servers that hold the log; none: the log is in the data directory")
	inEnvironment(flags, "data", "nats-url")
}

// open opens the log for reading. A NATS URL does without a data directory unless
// one is named on the command line: that of the environment is the running
// service's own.
func (s *source) open(ctx context.Context, flags *pflag.FlagSet, logger *slog.Logger) (*events.Log, error) {
	o := events.Options{Dir: s.data, URL: s.natsURL, ReadOnly: true, Logger: logger}
	if s.natsURL != "" && !flags.Changed("data") {
		o.Dir = ""
	}
	log, err := events.Open(ctx, o)
	if errors.Is(err, events.ErrDirectoryInUse) {
		return nil, fmt.Errorf("%w; a running service is read by way of its NATS: --nats-url "+
			"(an embedded one has an address when serve was given --nats-listen)", err)
	}
	return log, err
}

// start is where whoever reads everything begins.
func start(log *events.Log) []events.Checkpoint {
	from := make([]events.Checkpoint, log.Partitions())
	for p := range from {
		from[p].Partition = p
	}
	return from
}
