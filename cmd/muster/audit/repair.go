package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

func newRepair() *cobra.Command {
	var r repair
	var s node.Source
	var l terminal.Logging
	cmd := &cobra.Command{
		Use: "repair --truncate-after POSITION", Short: "Cut off what was injected at the end of a partition",
		Long: "Repair cuts messages off the end of a partition that Muster has not written: somebody who\n" +
			"holds the secret of the NATS server has injected them, and the partition has stopped there.\n" +
			"The position is that of the last valid event. It is in the reason that serve logs and that\n" +
			"/readyz gives, and audit verify names it. Nothing that is valid is ever cut: every message\n" +
			"up to the position must continue the chain of hashes, and the next one must not.\n\n" +
			"With --dry-run it shows what would be cut, and changes nothing. With --yes it writes what is\n" +
			"cut to the backup, copies everything valid, compares the copy, and puts it in the place of\n" +
			"the old stream. Stop all services first. In a data directory the old stream is kept in\n" +
			"set-aside. If it is interrupted, run the same command again.\n\n" +
			"It exits with 0 if the partition is whole now or was before, with 1 if it refuses or has\n" +
			"failed, and with 2 if it could not look.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if err := r.check(); err != nil {
				return err
			}
			if s.NATSURL != "" && !cmd.Flags().Changed("data") {
				s.Data = "" // the one in the environment may belong to another log
			}
			r.logger, r.out, r.stderr = l.Logger(cmd.ErrOrStderr()), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return r.run(cmd.Context(), s)
		}),
	}
	f := cmd.Flags()
	f.Var(terminal.NewText(&r.text, "POSITION", func(text string) (err error) {
		r.after, err = wire.ParsePosition(text)
		return err
	}), "truncate-after", "position of the last valid event, like 3-1042; P-0 if no event of partition P is valid")
	f.Var(terminal.NotEmpty(&r.backup), "backup", "file, or directory for a file, to write what is cut to; an existing file is never replaced")
	f.Var(terminal.NewToggle(&r.dry), "dry-run", "show what would be cut, and change nothing")
	f.Var(terminal.NewToggle(&r.yes), "yes", "cut it")
	f.Var(terminal.NewToggle(&r.newer), "cut-unknown-events", "also cut events of types that this version does not know: only if no newer Muster has ever used the log")
	for _, name := range []string{"dry-run", "yes", "cut-unknown-events"} {
		f.Lookup(name).NoOptDefVal = "true"
	}
	s.Flags(f)
	l.Flags(f, "info")
	_ = cmd.MarkFlagRequired("truncate-after") // fails only for a flag that does not exist
	return cmd
}

// repair is one run of the command.
type repair struct {
	text            string // of the position
	after           wire.Position
	backup          string
	dry, yes, newer bool

	logger      *slog.Logger
	out, stderr io.Writer
}

// check refuses a command line that does not say what to do.
func (r *repair) check() error {
	switch {
	case r.dry == r.yes:
		return terminal.Usage("say either --dry-run, to see what would be cut, or --yes, to cut it")
	case r.yes && r.backup == "":
		return terminal.Usage("--backup FILE is needed: what is cut is kept there")
	}
	return nil
}

// run repairs the partition. Until it begins to cut, an error that is no refusal means that it
// could not look.
func (r *repair) run(ctx context.Context, s node.Source) (err error) {
	log, err := store.OpenRepair(ctx, store.Options{Dir: s.Data, URL: s.NATSURL, Logger: r.logger}, r.after.Partition)
	if err != nil {
		return blind(err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	if at, ok := log.Pending(); ok {
		return r.finish(ctx, log, at)
	}
	show, end := terminal.Progress(r.stderr, r.logger, "reading the log")
	survey, err := log.Survey(ctx, show)
	end()
	if err != nil {
		return blind(err)
	}
	r.say("partition %d has %s; what is valid ends with %s (message %d)", r.after.Partition, messages(survey.Last), survey.Valid.Position, survey.Valid.Message)
	if done, err := r.judge(ctx, log, survey); done || err != nil {
		return err
	}
	if err := r.unsigned(ctx, log, survey); err != nil {
		return err
	}
	if r.dry {
		r.say("to cut: %s", messages(survey.Last-survey.Valid.Message))
		return blind(r.list(ctx, log, survey))
	}
	path, kept, err := r.keep(ctx, log, survey)
	if err != nil {
		return err
	}
	r.say("backup: %s in %s", messages(kept), path)
	show, end = terminal.Progress(r.stderr, r.logger, "copying what is valid")
	err = log.Cut(ctx, survey, show)
	end()
	if err != nil {
		return err
	}
	r.say("cut: %s; the partition ends with %s now", messages(kept), survey.Valid.Position)
	return nil
}

// judge compares what was found with the position. It reports true if nothing is left to do.
func (r *repair) judge(ctx context.Context, log *store.Repair, s store.Survey) (done bool, err error) {
	valid := s.Valid.Position
	switch {
	case r.after.Number > valid.Number && s.Reason == nil:
		return false, fmt.Errorf("%s is not in the log, which ends with %s: nothing was changed", r.after, valid)
	case r.after.Number < valid.Number:
		return false, fmt.Errorf("events after %s are valid, and nothing valid is cut: what is valid ends with %s", r.after, valid)
	case s.Reason == nil && r.yes:
		r.say("nothing to cut: every message is valid")
		return true, log.Tidy(ctx)
	case s.Reason == nil:
		r.say("nothing to cut: every message is valid")
		return true, nil
	}
	r.say("the next message is not valid: %v", s.Reason)
	switch {
	case r.after.Number > valid.Number:
		return false, fmt.Errorf("what is valid ends before %s: --truncate-after %s is the only position to cut at", r.after, valid)
	case s.Newer() && !r.newer:
		return false, errors.New("the message continues the chain, so that a newer Muster may have written it: start that version, or repair with it. " +
			"If no newer version has ever used this log, add --cut-unknown-events")
	}
	return false, nil
}

// unsigned refuses to cut events that were signed: they were valid, so that they were not
// injected, and with them goes what auditors hold checkpoints of.
func (r *repair) unsigned(ctx context.Context, log *store.Repair, s store.Survey) error {
	_, checkpoints, err := proof.Signed(ctx, log.Store())
	switch {
	case neverSigned(err):
		return nil
	case lostSigned(err):
		return fmt.Errorf("whether events that were signed would be cut cannot be seen: %w; %s", err, proof.StartOver(log.Store()))
	case err != nil:
		return terminal.Fail(err, terminal.StatusBlind)
	}
	cp := checkpoints[r.after.Partition]
	if covered(cp).Number <= s.Valid.Number {
		return nil
	}
	return fmt.Errorf("a checkpoint of the events up to %s was signed (%s), and what is valid ends with %s: nothing was injected there, but something was changed or lost. "+
		"Nothing was changed. Keep a copy of everything, and restore the log from a backup; %s",
		covered(cp), proof.Place(log.Store(), cp.Partition), s.Valid.Position, proof.StartOver(log.Store()))
}

// list prints what would be cut.
func (r *repair) list(ctx context.Context, log *store.Repair, s store.Survey) error {
	return log.Cuts(ctx, s, func(m store.CutMessage) error {
		r.say("  message %d  %s  %s  %d bytes", m.Sequence, m.Time.Format("2006-01-02T15:04:05.000Z07:00"), m.Subject, m.Size)
		return nil
	})
}

// finish finishes a repair that was interrupted.
func (r *repair) finish(ctx context.Context, log *store.Repair, at wire.Checkpoint) error {
	if at.Position != r.after {
		return fmt.Errorf("an interrupted repair cuts after %s: run it again with --truncate-after %s", at.Position, at.Position)
	}
	if r.dry {
		r.say("an interrupted repair has copied everything up to %s; with --yes it is finished", at.Position)
		return nil
	}
	show, end := terminal.Progress(r.stderr, r.logger, "finishing an interrupted repair")
	err := log.Finish(ctx, show)
	end()
	if err != nil {
		return err
	}
	r.say("an interrupted repair was finished; the partition ends with %s now", at.Position)
	return nil
}

func (r *repair) say(format string, arguments ...any) { fmt.Fprintf(r.out, format+"\n", arguments...) }

// messages returns a number of messages as words.
func messages(n uint64) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}

// blind makes an error other than a refusal one that says that nothing could be seen.
func blind(err error) error {
	if refusal := (*store.Refusal)(nil); err == nil || errors.As(err, &refusal) {
		return err
	}
	return terminal.Fail(err, terminal.StatusBlind)
}
