package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
)

// reading is where the commands read that prove events, and how they log.
type reading struct {
	source  node.Source
	service client.Client
	remote  bool // the events come from the service

	log    terminal.Logging
	logger *slog.Logger
	stderr io.Writer
}

// flags defines the flags.
func (r *reading) flags(f *pflag.FlagSet) {
	r.source.Flags(f)
	f.Lookup("data").Usage = "data directory of a service, which may be running [MUSTER_DATA]"
	r.service.Flags(f)
	f.Lookup("url").Usage = "address of a running service to read from, in place of its log"
	f.Lookup("url").DefValue, f.Lookup("url").Annotations = "", nil // the one in the environment is no wish to read from there
	f.Var(terminal.NotEmpty(&r.service.Token), "token", "token to use with --url; by default the root token in the data directory")
	terminal.InEnvironment(f, "token")
	r.log.Flags(f, "info")
}

// begin takes what the flags say. It refuses two places to read from.
func (r *reading) begin(cmd *cobra.Command) error {
	r.logger, r.stderr = r.log.Logger(cmd.ErrOrStderr()), cmd.ErrOrStderr()
	r.remote = cmd.Flags().Changed("url")
	r.service.Data = r.source.Data
	if r.source.NATSURL != "" && !cmd.Flags().Changed("data") {
		r.source.Data = "" // the one in the environment may belong to another log
	}
	if r.remote && r.source.NATSURL != "" {
		return terminal.Usage("--url and --nats-url name two places to look: give one of them")
	}
	return nil
}

// open opens the log for reading, also beside the service that runs on it. It returns the
// public key and the last checkpoint that was signed of each partition.
func (r *reading) open(ctx context.Context) (_ *events.Log, v proof.Verifier, signed []proof.Checkpoint, err error) {
	log, err := events.Open(ctx, events.Options{Dir: r.source.Data, URL: r.source.NATSURL, ReadOnly: true, Running: true, Logger: r.logger})
	if err != nil {
		return nil, v, nil, err
	}
	v, signed, err = log.Signed(ctx)
	if err == nil {
		return log, v, signed, nil
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrNoMessage) {
		err = fmt.Errorf("%w: %s", err, r.unsignedLog())
	}
	return nil, v, nil, errors.Join(err, log.Close())
}

// unsignedLog says why there may be no checkpoints, and what to do.
func (r *reading) unsignedLog() string {
	if r.source.NATSURL != "" {
		return "nothing of this log was ever signed, or the NATS server is that of a service with an embedded log: " +
			"the key is in its data directory then, which can be read while the service runs (--data)"
	}
	return "nothing of this log was ever signed: start muster serve of this version on it once"
}
