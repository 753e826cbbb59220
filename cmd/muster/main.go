package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/audit"
	"github.com/muster-dev/muster/cmd/muster/backup"
	"github.com/muster-dev/muster/cmd/muster/bench"
	"github.com/muster-dev/muster/cmd/muster/follow"
	"github.com/muster-dev/muster/cmd/muster/listen"
	"github.com/muster-dev/muster/cmd/muster/roster"
	"github.com/muster-dev/muster/cmd/muster/subscription"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run runs the program and returns its exit status.
func run(arguments []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal ends the context. Then signals are no longer caught, so that the
	// second one kills.
	defer context.AfterFunc(ctx, stop)()

	root := newRoot()
	root.SetArgs(arguments)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "muster: %v\n", err)
	failed := terminal.Failure{}
	if errors.As(err, &failed) && !failed.Usage {
		return failed.Status
	}
	fmt.Fprintf(stderr, "see %q\n", cmd.CommandPath()+" --help")
	return terminal.StatusUsage
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:     "muster",
		Version: versionLine(),
		Short:   "Who may do what in which workspace, since when, by whose hand, and can you prove it?",
		// run prints errors, and usage is only printed when it is asked for.
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return terminal.ReadEnvironment(cmd.Flags()) },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(
		newServe(), newReady(), newToken(), follow.New(), subscription.New(), listen.New(), audit.New(), newRebuild(), backup.New(version()), backup.NewRestore(),
		roster.NewImport(), roster.NewExport(), bench.New(), newVersion(),
	)
	completeWords(root)
	return root
}

// completeWords lets shells complete the flags of all commands that take one of a few words.
func completeWords(cmd *cobra.Command) {
	terminal.CompleteWords(cmd)
	for _, below := range cmd.Commands() {
		completeWords(below)
	}
}
