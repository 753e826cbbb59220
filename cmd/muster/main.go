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
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// The statuses that the program exits with.
const (
	exitFailed = 1
	exitUsage  = 2
	// exitBlind is audit verify's own: it could not look, so it says neither that
	// all is well nor that it is not.
	exitBlind = 2
)

func run(arguments []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks; the second, with nobody listening any more, kills.
	defer context.AfterFunc(ctx, stop)()

	root := newRoot()
	root.SetArgs(arguments)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "muster: %v\n", err)
	if failed := (failure{}); errors.As(err, &failed) {
		return failed.status
	}
	fmt.Fprintln(stderr, "muster help says what there is")
	return exitUsage
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "muster",
		Short: "Who may do what in which workspace, since when, by whose hand, and can you prove it?",
		// run prints errors, and usage is for those who ask for it.
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return readEnvironment(cmd.Flags()) },
	}
	root.AddCommand(newServe(), newReady(), newToken(), newAudit(), newRebuild(), newImport(), newExport(), newBench(), newVersion())
	return root
}

// group is a command that only has others below it.
func group(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(below...)
	return cmd
}

// failure is an error of a command that was understood. Every other error is one
// of usage.
type failure struct {
	error
	status int
}

// Unwrap is what went wrong.
func (f failure) Unwrap() error { return f.error }

// action is what a command does once its flags are understood. Its errors exit
// with 1, unless they say otherwise themselves.
func action(do func(cmd *cobra.Command, arguments []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, arguments []string) error {
		err := do(cmd, arguments)
		if failed := (failure{}); err == nil || errors.As(err, &failed) {
			return err
		}
		return failure{err, exitFailed}
	}
}

// usage is an error of the command line that only the command itself can see.
func usage(format string, arguments ...any) error {
	return failure{fmt.Errorf(format, arguments...), exitUsage}
}
