package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/backup"
	"github.com/muster-dev/muster/events/wire"
)

func newVerify() *cobra.Command {
	var l terminal.Logging
	cmd := &cobra.Command{
		Use: "verify FILE", Short: "Verify that a backup is complete and unchanged",
		Long: "Verify reads a backup and checks every byte of it against its hashes, and every message against\n" +
			"the chain of its partition. For damage it names the place in the file, and the events that\n" +
			"are there. It needs neither the service nor any key: encrypted keys are checked to be what\n" +
			"was written, and are not decrypted.\n\n" +
			"It exits with 0 if the backup is whole, with 1 if it is not, and with 2 if it could not\n" +
			"check.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeFiles,
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) (err error) {
			logger := l.Logger(cmd.ErrOrStderr())
			f, err := openFile(arguments[0])
			if err != nil {
				return terminal.Fail(err, terminal.StatusBlind)
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			a, err := f.check(cmd.Context(), logger, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is whole: it has %s\n", arguments[0], summary(a.Head, "no keys"))
			return nil
		}),
	}
	l.Flags(cmd.Flags(), "warn")
	return cmd
}

// completeFiles lets shells complete one file name.
func completeFiles(_ *cobra.Command, arguments []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(arguments) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// file is a backup that is read.
type file struct {
	*os.File
	size int64
}

// Size returns the bytes of the file.
func (f *file) Size() int64 { return f.size }

// openFile opens a backup. It is read twice, so that it must be a file.
func openFile(path string) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file: a backup that comes through a pipe must be written to a file before", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &file{f, info.Size()}, nil
}

// check reads all of the backup. If it cannot be read, the exit status says so.
func (f *file) check(ctx context.Context, logger *slog.Logger, stderr io.Writer) (*backup.Archive, error) {
	show, end := terminal.Progress(stderr, logger, "reading the backup")
	a, err := backup.Open(ctx, f, show)
	end()
	if err == nil {
		show, end := terminal.Progress(stderr, logger, "checking the log in the backup")
		err = a.Check(ctx, show)
		end()
	}
	switch {
	case err == nil:
		return a, nil
	case errors.Is(err, backup.ErrDamaged), errors.Is(err, backup.ErrNotABackup), errors.Is(err, wire.ErrDamaged):
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return nil, terminal.Fail(fmt.Errorf("%s: %w", f.Name(), err), terminal.StatusBlind)
}
