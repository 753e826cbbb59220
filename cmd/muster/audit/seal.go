package audit

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/seal"
	"github.com/muster-dev/muster/events/store"
)

func newSeal() *cobra.Command {
	var s node.Source
	var l terminal.Logging
	var to string
	cmd := &cobra.Command{
		Use: "seal --out DIR", Short: "Copy a log with profiles in the clear to one in which they are sealed",
		Long: "Seal copies a log that was written before profiles were sealed. In the copy every profile is\n" +
			"sealed with a key of its person, so that the person can be erased. The log itself is only\n" +
			"read, and still has everything in the clear: delete it, and its backups, when you use the\n" +
			"copy.\n\n" +
			"Every event has the same position, id and time as before. But the bytes of events with\n" +
			"profiles are others, so the chain of hashes and the Merkle tree are new: checkpoints and\n" +
			"proofs of the old log do not hold for the copy. Keep them, with the old log, for as long as\n" +
			"you must be able to prove something with them.\n\n" +
			"The directory must not exist. It gets its name when the copy was compared with the log,\n" +
			"event by event. Stop the service first, and start it with --data DIR afterwards; then it\n" +
			"makes the feed and the read models again. To put the copy on NATS servers, back it up and\n" +
			"restore the backup there.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if s.NATSURL != "" && !cmd.Flags().Changed("data") {
				s.Data = "" // the one in the environment may belong to another log
			}
			logger := l.Logger(cmd.ErrOrStderr())
			r, err := seal.Copy(cmd.Context(), seal.Options{
				From: store.Options{Dir: s.Data, URL: s.NATSURL, ReadOnly: true, Logger: logger}, To: to, Logger: logger,
				Progress: func(what string) (func(done, of uint64), func()) {
					return terminal.Progress(cmd.ErrOrStderr(), logger, what)
				},
			})
			if err != nil {
				return err
			}
			return printSealed(cmd.OutOrStdout(), r, to)
		}),
	}
	f := cmd.Flags()
	f.Var(terminal.NotEmpty(&to), "out", "data directory to be made; it must not exist")
	s.Flags(f)
	l.Flags(f, "warn")
	_ = cmd.MarkFlagRequired("out") // fails only for a flag that does not exist
	return cmd
}

func printSealed(out io.Writer, r seal.Result, to string) error {
	_, err := fmt.Fprintf(out, "events    %d, each compared with the log\nprofiles  %d sealed\npeople    %d\ncopy      %s\n", r.Events, r.Sealed, r.People, to)
	return err
}
