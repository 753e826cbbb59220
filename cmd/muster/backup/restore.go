package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/backup"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
)

// NewRestore returns the command restore.
func NewRestore() *cobra.Command {
	var r restoring
	var l terminal.Logging
	cmd := &cobra.Command{
		Use: "restore FILE (--data DIR | --nats-url URL)", Short: "Make a log again from a backup",
		Long: "Restore makes the log of a backup again: in a new data directory for the embedded server, or on\n" +
			"NATS servers that have no log, where it has three replicas if they are a cluster. Positions,\n" +
			"numbers, hashes and proofs are those of the log that was backed up, wherever that was, so this\n" +
			"is also the way from one machine to a cluster, and back. Where something is already, restore refuses\n" +
			"and changes nothing.\n\n" +
			"The backup is checked before anything is made, and everything that was written is read again\n" +
			"and checked at the end. Until then no service starts on it. If restore is interrupted, run it again\n" +
			"with --again, which removes what it has left and begins again. The first start of the service\n" +
			"makes the read models and the feed, and subscriptions go on from where they were.\n\n" +
			"If the backup has keys, say --keys-identity FILE or --without-keys. Without keys, people whose\n" +
			"profiles are sealed are shown as erased, because nobody can read them. Restored keys could bring\n" +
			"back people who were erased after the backup. So with keys the erasure ledger is needed\n" +
			"(--ledger): the keys of everybody in it are destroyed before the log can be opened. Say\n" +
			"--no-erasures only if nobody was ever erased. It is refused if the backup itself says otherwise.\n" +
			"Say --ledger-lost if the ledger is lost, with --ledger for what is left of it: people then stay\n" +
			"erased only if that or the backup says so.\n\n" +
			"Do not run a restored log beside the one that it was made from: both would use the same positions\n" +
			"for different events.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeFiles,
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error {
			r.logger, r.stdout, r.stderr = l.Logger(cmd.ErrOrStderr()), cmd.OutOrStdout(), cmd.ErrOrStderr()
			if err := r.target(cmd.Flags().Changed); err != nil {
				return err
			}
			return r.run(cmd.Context(), arguments[0])
		}),
	}
	f := cmd.Flags()
	f.Var(terminal.NotEmpty(&r.data), "data", "new data directory, which must be empty or missing")
	f.Var(terminal.NotEmpty(&r.natsURL), "nats-url", "NATS servers that have no log yet")
	f.Var(terminal.NotEmpty(&r.identity), "keys-identity", "file with the private key of age that decrypts the keys")
	f.Var(terminal.NewToggle(&r.withoutKeys), "without-keys", "restore without keys: people whose profiles are sealed are shown as erased")
	f.Var(terminal.NotEmpty(&r.ledger), "ledger", "the erasure ledger of the log that was backed up, as it is today")
	f.Var(terminal.NewToggle(&r.noErasures), "no-erasures", "nobody was ever erased from the log, so that there is no ledger")
	f.Var(terminal.NewToggle(&r.ledgerLost), "ledger-lost", "the erasure ledger, or a part of it, is lost: bring back whom neither --ledger nor the backup says to be erased")
	f.Var(terminal.NewToggle(&r.again), "again", "remove what a restore that was interrupted has left there, and begin again")
	for _, name := range []string{"without-keys", "no-erasures", "ledger-lost", "again"} {
		f.Lookup(name).NoOptDefVal = "true"
	}
	terminal.InEnvironment(f, "data", "nats-url")
	l.Flags(f, "info")
	return cmd
}

// restoring is a run of muster restore.
type restoring struct {
	data, natsURL                  string
	identity, ledger               string
	withoutKeys, noErasures, again bool
	ledgerLost                     bool

	logger         *slog.Logger
	stdout, stderr io.Writer
}

// target refuses a command line that does not say where to restore to, or says two places. Of what
// is only in the environment, the servers count, because serve uses them.
func (r *restoring) target(given func(string) bool) error {
	switch {
	case given("data") && given("nats-url"):
		return terminal.Usage("say either --data, for the embedded server, or --nats-url: the nodes on a NATS server make their data directories themselves")
	case given("data"):
		r.natsURL = ""
	case r.natsURL != "":
		r.data = ""
	case r.data == "":
		return terminal.Usage("say where to restore to: --data DIR, or --nats-url URL")
	}
	return nil
}

func (r *restoring) run(ctx context.Context, path string) (err error) {
	f, err := openFile(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	a, err := f.check(ctx, r.logger, r.stderr)
	if err != nil {
		return err
	}
	o := backup.RestoreOptions{Again: r.again, WithoutKeys: r.withoutKeys, LedgerLost: r.ledgerLost}
	if o.Identities, err = r.identities(a); err != nil {
		return err
	}
	if r.ledger != "" {
		if o.Ledger, err = r.openLedger(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.Ledger.Close()) }()
	}
	end := func() {}
	o.Progress = func(what string) func(done, of uint64) {
		end()
		var show func(done, of uint64)
		show, end = terminal.Progress(r.stderr, r.logger, what)
		return show
	}
	err = a.Restore(ctx, store.Options{Dir: r.data, URL: r.natsURL, Logger: r.logger}, o)
	end()
	if errors.Is(err, backup.ErrOtherLedger) || errors.Is(err, backup.ErrLedgerNeeded) {
		return fmt.Errorf("%w; if it is lost, say --ledger-lost, with --ledger for what is left of it", err)
	}
	if err != nil {
		return err
	}
	return r.report(ctx, a)
}

// identities returns what decrypts the keys, nil if they are not wanted or there are none. It refuses a command line
// that does not say what to do with the keys, and what cannot decrypt them.
func (r *restoring) identities(a *backup.Archive) ([]age.Identity, error) {
	switch {
	case r.noErasures && r.ledger != "":
		return nil, terminal.Usage("say either --ledger or --no-erasures")
	case r.noErasures && r.ledgerLost:
		return nil, terminal.Usage("say either --no-erasures or --ledger-lost")
	case !a.Keys && r.identity != "":
		return nil, errors.New("the backup has no keys: leave out --keys-identity")
	case !a.Keys && a.Sealed && !r.withoutKeys:
		return nil, terminal.Usage("the backup has no keys, and profiles of people are sealed in it: take a backup with keys, " +
			"or say --without-keys, and these people are shown as erased")
	case !a.Keys || r.withoutKeys && r.identity == "":
		return nil, nil
	case r.withoutKeys:
		return nil, terminal.Usage("say either --keys-identity or --without-keys")
	case r.identity == "":
		return nil, terminal.Usage("the backup has keys: say --keys-identity FILE to restore them, or --without-keys")
	case !r.noErasures && !r.ledgerLost && r.ledger == "":
		return nil, terminal.Usage("the backup has keys, which could bring back people who were erased since: say --ledger FILE, " +
			"with the erasure ledger as it is today, or --no-erasures if nobody was ever erased")
	}
	text, err := os.Open(r.identity)
	if err != nil {
		return nil, fmt.Errorf("--keys-identity: %w", err)
	}
	defer func() { _ = text.Close() }() // it was only read
	identities, err := age.ParseIdentities(text)
	if err != nil {
		return nil, fmt.Errorf("--keys-identity %s: a file of age-keygen is expected: %w", r.identity, err)
	}
	return identities, nil
}

// openLedger reads the ledger. It must not be in the directory that --again empties.
func (r *restoring) openLedger() (*personal.Ledger, error) {
	if real, err := filepath.EvalSymlinks(r.ledger); err == nil && store.Within(real, r.data) {
		return nil, fmt.Errorf("--ledger %s is in the directory to restore to: move it elsewhere first", r.ledger)
	}
	l, err := personal.ReadLedger(r.ledger)
	if err != nil {
		return nil, fmt.Errorf("--ledger: %w", err)
	}
	return l, nil
}

// report says what was restored, and what was not.
func (r *restoring) report(ctx context.Context, a *backup.Archive) error {
	where := r.data
	if r.natsURL != "" {
		where = "the NATS server"
	}
	cursors, err := a.Cursors(ctx)
	if err != nil {
		return err
	}
	say := func(format string, arguments ...any) { fmt.Fprintf(r.stdout, format+"\n", arguments...) }
	say("%s has what was backed up at %s: %s", where, terminal.ShowTime(a.Created), counted(a.Events(), "event"))
	for p, end := range a.Ends() {
		say("  partition %d up to %s, message %d, hash %x", p, end.Position, end.Message, end.Hash[:8])
	}
	say("  %s", counted(uint64(cursors), "cursor")) //nolint:gosec // not negative
	switch {
	case r.identity != "":
		say("  the keys that are in the backup")
	default:
		say("without keys: the secrets of webhooks and the key of checkpoints are new ones")
		if a.Sealed {
			say("  nobody can read what was sealed of people: they are shown as erased")
		}
	}
	if r.ledger != "" {
		say("  the erasure ledger, whose people are erased here, too")
	}
	return nil
}
