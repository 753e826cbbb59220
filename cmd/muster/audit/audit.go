package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// New returns the command audit.
func New() *cobra.Command {
	return terminal.Group(&cobra.Command{
		Use: "audit", Short: "Read the log, verify that it is complete and unchanged, undo changes, and repair it",
		Long: "Audit reads the log. Only revert and repair change anything, and seal makes a copy. The log is in\n" +
			"the data directory of a stopped service (--data), or on the NATS of a running one (--nats-url).\n" +
			"Replay, verify, export, prove, report and revert also work over the API of a running service (--url).",
	}, newReplay(), newVerify(), newReport(), newExport(), newProve(), newRevert(), newRepair(), newSeal(), newErasures())
}

// open opens the log of the source for reading. For a NATS URL it leaves out the data
// directory, unless one was given on the command line: the one in the environment
// belongs to the running service.
func open(ctx context.Context, s node.Source, flags *pflag.FlagSet, logger *slog.Logger) (*events.Log, error) {
	if s.NATSURL != "" && !flags.Changed("data") {
		s.Data = ""
	}
	log, err := s.Open(ctx, logger)
	if errors.Is(err, store.ErrDirectoryInUse) {
		return nil, fmt.Errorf("%w; read the log of a running service through its NATS: --nats-url "+
			"(the embedded NATS listens if serve was given --nats-listen)", err)
	}
	return log, err
}

// beginning returns the checkpoints from which a replay reads everything.
func beginning(log *events.Log) []wire.Checkpoint {
	from := make([]wire.Checkpoint, log.Partitions())
	for p := range from {
		from[p].Partition = p
	}
	return from
}
