package terminal

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// The statuses that the program exits with, other than 0.
const (
	// StatusFailed means that the command was understood and has failed.
	StatusFailed = 1
	// StatusUsage means that the command line was wrong.
	StatusUsage = 2
	// StatusBlind means that audit verify could not read what it was asked to verify,
	// so that it says neither that all is well nor that something is wrong.
	StatusBlind = 2
)

// Failure is an error of a command that was understood. Every other error that cobra
// returns is one of usage.
type Failure struct {
	error
	// Status is what the program exits with.
	Status int
	// Usage reports that the command line was wrong, so that the help of the command is
	// worth naming.
	Usage bool
}

// Fail returns the error as a [Failure] with that status.
func Fail(err error, status int) error { return Failure{error: err, Status: status} }

// Unwrap returns the error without its status.
func (f Failure) Unwrap() error { return f.error }

// Usage returns an error of the command line that only the command itself can find.
func Usage(format string, arguments ...any) error {
	return Failure{error: fmt.Errorf(format, arguments...), Status: StatusUsage, Usage: true}
}

// Action returns the RunE of a command that calls do. An error of do is a [Failure]
// with [StatusFailed], unless do has returned a [Failure] itself.
func Action(do func(cmd *cobra.Command, arguments []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, arguments []string) error {
		err := do(cmd, arguments)
		if failed := (Failure{}); err == nil || errors.As(err, &failed) {
			return err
		}
		return Fail(err, StatusFailed)
	}
}

// Group makes a command out of one that only has others below it. By itself it prints
// its help.
func Group(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(below...)
	return cmd
}
