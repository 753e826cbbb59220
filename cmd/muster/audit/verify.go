package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

func newVerify() *cobra.Command {
	var s node.Source
	var l terminal.Logging
	var x exportCheck
	var service service
	var organization domain.OrganizationID
	cmd := &cobra.Command{
		Use: "verify [--key KEY [--checkpoint FILE] DIR | FILE.tlog-proof]", Short: "Verify that log and read models, or an export, are complete and unchanged",
		Long: "Verify reads the whole log and prints a line for each check: that no event is missing,\n" +
			"that every message continues the chain of hashes, that the feed has the log's events and\n" +
			"no others, that the log holds what this node has read before (the high-water mark), that it\n" +
			"is the log that was signed last (the checkpoints, and the node's hashes), that the keys of\n" +
			"people and the erasure ledger are whole and belong to the log, that the files of the read\n" +
			"models and of their past are undamaged, and that they equal a fresh replay. These checks of a\n" +
			"node need its data directory. For damage in it they name the file and the offset. Looking\n" +
			"changes nothing in it.\n\n" +
			"With a directory it checks an export of audit export in place of a log, and with the file of\n" +
			"a proof the event beside it, as audit prove writes them. For that it needs nothing but the\n" +
			"files, the key (--key) and a checkpoint that you have from somewhere else (--checkpoint). It\n" +
			"checks every event's bytes, every proof and every signature, and that the export continues\n" +
			"older checkpoints. What it finds is named with its file and its place.\n\n" +
			"With --url it asks a running service with a token, which sees one organization: that its\n" +
			"events can be read in order, and that the members that the API shows are those that the\n" +
			"events fold to. It says what it cannot check so.\n\n" +
			"It exits with 0 if every check passes, with 1 if a check fails, and with 2 if it could\n" +
			"not check.",
		Example: "  muster audit verify --data /var/lib/muster\n" +
			"  muster audit verify --key muster.key --checkpoint checkpoint export\n" +
			"  muster audit verify --key muster.key 3-1042.tlog-proof",
		Args: cobra.MaximumNArgs(1),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) (err error) {
			logger := l.Logger(cmd.ErrOrStderr())
			if x.wanted(cmd, arguments) {
				return x.run(cmd, arguments, logger)
			}
			if cmd.Flags().Changed("url") {
				v := verifier{logger: logger, out: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(), format: x.format}
				return v.service(cmd.Context(), asking{Client: service.in(s), window: window{organization: organization}}, s)
			}
			if !organization.IsZero() {
				return terminal.Usage("--organization has no effect without --url: the whole log is verified")
			}
			log, err := open(cmd.Context(), s, cmd.Flags(), logger)
			v := verifier{log: log, logger: logger, out: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(), format: x.format}
			switch {
			case errors.Is(err, store.ErrDirectoryInUse):
				return v.beneath(cmd.Context(), s)
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
	service.OptionalFlags(cmd.Flags())
	cmd.Flags().Var(terminal.NewParsed(&organization, "id", terminal.ParseID), "organization", "with --url, the organization; by default the one that the token belongs to")
	l.Flags(cmd.Flags(), "warn")
	x.flags(cmd.Flags())
	return cmd
}

// verifier checks a log, and a node against its log. It prints a line for each check.
type verifier struct {
	log         *events.Log
	logger      *slog.Logger
	out, stderr io.Writer
	format      string
	broken      int               // how many checks have failed
	ends        []wire.Checkpoint // of the partitions, once the whole log was read
	signed      signed            // what was signed before the log was read
	unread      bool              // profiles cannot be read, because something is wrong with the keys
}

func (v *verifier) verify(ctx context.Context) error {
	for _, check := range []func(context.Context) error{v.readSigned, v.history, v.feed, v.beside, v.mark, v.checkpoints, v.hashes, v.keys, v.models} {
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
	printCheck(v.out, v.format, result, check, fmt.Sprintf(format, arguments...))
}

// history reads the whole log. Reading checks it: the log returns an error for a
// message that does not continue the one before.
func (v *verifier) history(ctx context.Context) error {
	var messages, count uint64
	at := beginning(v.log)
	show, end := terminal.Progress(v.stderr, v.logger, "reading the log")
	err := v.log.ReplayStored(ctx, at, show, func(batches []wire.Message) error {
		for _, b := range batches {
			messages++
			count += uint64(len(b.Entries))
			at[b.Partition] = b.Checkpoint()
			v.signed.add(&b)
		}
		return nil
	})
	end()
	if errors.Is(err, wire.ErrDamaged) {
		return v.stops(ctx, err)
	}
	if err != nil {
		return err
	}
	unfinished, err := v.log.Unfinished()
	if err != nil {
		return err
	}
	for _, place := range unfinished {
		v.skip("last message", "a record that was being written when the service was killed; the next start cuts it off: %s", place)
	}
	v.ends = at
	v.whole(count, messages, "none missing")
	return nil
}

// whole prints that neither gaps nor breaks of the chain are before the ends.
func (v *verifier) whole(events, messages uint64, rest string) {
	partitions := "1 partition"
	if n := v.log.Partitions(); n != 1 {
		partitions = fmt.Sprintf("%d partitions", n)
	}
	v.ok("gaps", "%d events in %d messages and %s, %s", events, messages, partitions, rest)
	ends := make([]string, len(v.ends))
	for p, at := range v.ends {
		ends[p] = fmt.Sprintf("%s %x…", at.Position, at.Hash[:6])
	}
	v.ok("chain", "unbroken; ends with %s", strings.Join(ends, ", "))
}

// stops says where the log stops to be valid, and what helps.
func (v *verifier) stops(ctx context.Context, damage error) error {
	stops, err := v.log.Stops(ctx)
	if err != nil {
		return err
	}
	for _, stop := range stops {
		v.fail(historyCheck, "%v", stop)
	}
	if len(stops) == 0 {
		v.fail(historyCheck, "%v", damage)
	}
	return nil
}

const (
	historyCheck = "gaps and chain"
	markCheck    = "high-water mark"
)

// directoryChecks are those of what lies beside the log in a data directory, and changes while a
// service runs in it.
var directoryChecks = []string{feedCheck, besideCheck, markCheck, hashesCheck, keysCheck, ledgerCheck, modelsCheck, pastCheck}

// mark checks that the log holds what this node has read before.
func (v *verifier) mark(ctx context.Context) error {
	const check = markCheck
	if v.log.Dir() == "" {
		v.skip(check, "left out: it needs a node's data directory (--data)")
		return nil
	}
	var missing, torn []string
	for p := range v.log.Partitions() {
		mark, err := v.log.Mark(p)
		if err == nil {
			err = v.log.CheckMark(ctx, p)
		}
		if errors.Is(err, store.ErrTruncated) || errors.Is(err, store.ErrMarkDamaged) {
			v.fail(check, "%v; the mark is in %s", err, filepath.Join(v.log.Dir(), "high-water"))
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case !mark.Found && (v.ends == nil || v.ends[p].Message > 0):
			missing = append(missing, strconv.Itoa(p))
		case mark.Torn:
			torn = append(torn, strconv.Itoa(p))
		}
	}
	switch {
	case missing != nil:
		v.skip(check, "no mark of partition %s in %s: if the log was longer once, nothing here can tell; the next start writes one", strings.Join(missing, ", "), v.log.Dir())
	case torn != nil:
		v.skip(check, "the exact mark of partition %s is not whole, as a power cut can leave it (%s.recent); the other one counts", strings.Join(torn, ", "), filepath.Join(v.log.Dir(), "high-water"))
	}
	if missing == nil {
		v.ok(check, "the log contains everything that this node has read")
	}
	return nil
}
