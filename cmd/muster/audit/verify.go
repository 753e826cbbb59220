package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

func newVerify() *cobra.Command {
	var s node.Source
	var l terminal.Logging
	cmd := &cobra.Command{
		Use: "verify", Short: "Verify that log and read models are complete and unchanged",
		Long: "Verify reads the whole log and prints a line for each check: that no event is missing,\n" +
			"that every message continues the chain of hashes, that the log holds what this node has\n" +
			"read before (the high-water mark), and that the read models equal a fresh replay. The\n" +
			"last two checks need the data directory of a node. For damage in a data directory it\n" +
			"names the file and the offset.\n\n" +
			"It exits with 0 if every check passes, with 1 if a check fails, and with 2 if it could\n" +
			"not check.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) (err error) {
			logger := l.Logger(cmd.ErrOrStderr())
			log, err := open(cmd.Context(), s, cmd.Flags(), logger)
			v := verifier{log: log, logger: logger, out: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
			switch {
			case errors.Is(err, store.ErrTruncated): // all of it is gone
				v.fail(markCheck, "%v", err)
				return v.verdict()
			case errors.Is(err, wire.ErrDamaged):
				v.fail(historyCheck, "%v", err)
				return v.verdict()
			}
			if err != nil {
				return terminal.Fail(err, terminal.StatusBlind)
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			return v.verify(cmd.Context())
		}),
	}
	s.Flags(cmd.Flags())
	l.Flags(cmd.Flags(), "warn")
	return cmd
}

// verifier checks a log, and a node against its log. It prints a line for each check.
type verifier struct {
	log         *events.Log
	logger      *slog.Logger
	out, stderr io.Writer
	broken      int // how many checks have failed
}

func (v *verifier) verify(ctx context.Context) error {
	for _, check := range []func(context.Context) error{v.history, v.mark, v.models} {
		if err := check(ctx); err != nil {
			return terminal.Fail(fmt.Errorf("could not check: %w", err), terminal.StatusBlind)
		}
	}
	return v.verdict()
}

func (v *verifier) verdict() error {
	if v.broken > 0 {
		return errors.New("a check has failed: keep a copy of everything before you repair anything")
	}
	return nil
}

func (v *verifier) ok(check, format string, arguments ...any) {
	v.line("ok", check, format, arguments...)
}

func (v *verifier) skip(check, format string, arguments ...any) {
	v.line("-", check, format, arguments...)
}

func (v *verifier) fail(check, format string, arguments ...any) {
	v.broken++
	v.line("FAIL", check, format, arguments...)
}

func (v *verifier) line(result, check, format string, arguments ...any) {
	fmt.Fprintf(v.out, "%-5s %-16s %s\n", result, check, fmt.Sprintf(format, arguments...))
}

// history reads the whole log. Reading checks it: the log returns an error for a
// message that does not continue the one before.
func (v *verifier) history(ctx context.Context) error {
	var messages, count uint64
	at := beginning(v.log)
	show, end := terminal.Progress(v.stderr, v.logger, "reading the log")
	err := v.log.Replay(ctx, at, show, func(batches []wire.Message) error {
		for _, b := range batches {
			messages++
			count += uint64(len(b.Entries))
			at[b.Partition] = b.Checkpoint()
		}
		return nil
	})
	end()
	if errors.Is(err, wire.ErrDamaged) {
		v.fail(historyCheck, "%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	unfinished, err := v.log.Unfinished()
	if err != nil {
		return err
	}
	for _, place := range unfinished {
		v.skip("last message", "a record that was being written when the service was killed, so that nobody was told that it was stored; "+
			"the next start cuts it off: %s", place)
	}
	v.ok("gaps", "%d events in %d messages and %d partitions, none missing", count, messages, v.log.Partitions())
	ends := make([]string, len(at))
	for p := range at {
		ends[p] = fmt.Sprintf("%s %x…", at[p].Position, at[p].Hash[:6])
	}
	v.ok("chain", "unbroken; ends with %s", strings.Join(ends, ", "))
	return nil
}

const (
	historyCheck = "gaps and chain"
	markCheck    = "high-water mark"
)

// mark checks that the log holds what this node has read before.
func (v *verifier) mark(ctx context.Context) error {
	const check = markCheck
	if v.log.Dir() == "" {
		v.skip(check, "left out: it needs a node's data directory (--data)")
		return nil
	}
	for p := range v.log.Partitions() {
		err := v.log.CheckMark(ctx, p)
		if errors.Is(err, store.ErrTruncated) {
			v.fail(check, "%v", err)
			return nil
		}
		if err != nil {
			return err
		}
	}
	v.ok(check, "the log contains everything that this node has read")
	return nil
}

// models compares the node's read models with those of a fresh replay.
func (v *verifier) models(ctx context.Context) error {
	const check = "read models"
	dir := v.log.Dir()
	if dir == "" {
		v.skip(check, "left out: they need a node's data directory (--data)")
		return nil
	}
	if v.broken > 0 {
		v.skip(check, "left out: the log that they are compared with is damaged")
		return nil
	}
	if err := readable(filepath.Join(dir, projections.File)); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "muster-verify-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	show, end := terminal.Progress(v.stderr, v.logger, "replaying the log")
	o := projections.Options{Dir: dir, Partitions: v.log.Partitions(), Logger: v.logger}
	tables, err := projections.Verify(ctx, v.log, o, scratch, show)
	end()
	switch {
	case errors.Is(err, projections.ErrNeedsRebuild):
		v.skip(check, "left out: the next start rebuilds them: %v", err)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		v.fail(check, "%v; rebuild them with muster rebuild", err)
		return nil
	}
	var different []string
	for _, t := range tables {
		if !t.Equal() {
			different = append(different, t.Table)
		}
	}
	if len(different) > 0 {
		v.fail(check, "these tables differ from a fresh replay: %s; rebuild them with muster rebuild", strings.Join(different, ", "))
		return nil
	}
	v.ok(check, "%d tables equal a fresh replay", len(tables))
	return nil
}

// readable returns an error if this process may not read the file. That says nothing of
// what is in it.
func readable(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	if err == nil {
		_ = f.Close() // nothing was written
	}
	return nil
}
