package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"filippo.io/age"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/backup"
	"github.com/muster-dev/muster/events/store"
)

// New returns the command backup. The version is that of Muster.
func New(version string) *cobra.Command {
	b := saving{version: version, data: terminal.DefaultData}
	var l terminal.Logging
	cmd := &cobra.Command{
		Use: "backup --out FILE", Short: "Write the log of a running or a stopped service to one file",
		Long: "Backup writes the log, up to one moment, and the cursors of subscriptions to one file. The\n" +
			"service may run and write meanwhile: name its data directory (--data) on its machine, or the\n" +
			"NATS that holds the log (--nats-url). There is no backup over the HTTP API, which does not\n" +
			"show the log as it is stored. Read models and feed are not in it: they are made from the log\n" +
			"again.\n\n" +
			"Everything is checked while it is written. The file has its name when it is whole and on\n" +
			"disk, and not before. If --out is a directory, the file is named by the time. A file that\n" +
			"exists is never replaced. With - the backup goes to standard output.\n\n" +
			"Keys are only in it with --keys-for, encrypted for those who have the private keys of age.\n" +
			"Without them a restored service has new secrets of webhooks and another key for checkpoints,\n" +
			"and what was sealed of people cannot be read. The keys of an embedded service are in its data\n" +
			"directory: with them, use --data. The root token and the erasure ledger are never in a backup.\n" +
			"Copy the ledger with muster audit erasures, and keep it apart from backups.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if b.out == "" {
				return terminal.Usage("--out FILE is needed; - is standard output")
			}
			if b.natsURL != "" && !cmd.Flags().Changed("data") {
				b.data = "" // the one in the environment may belong to another log
			}
			b.logger, b.stdout, b.stderr = l.Logger(cmd.ErrOrStderr()), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return b.run(cmd.Context())
		}),
	}
	f := cmd.Flags()
	f.Var(terminal.NotEmpty(&b.out), "out", "file to write, or directory for it, or - for standard output")
	f.Var(terminal.NotEmpty(&b.data), "data", "data directory of the service, which may be running")
	f.Var(terminal.NotEmpty(&b.natsURL), "nats-url", "NATS servers that hold the log; by default the log is in the data directory")
	f.Var(&recipients{to: &b.keysFor}, "keys-for", "public key of age (age1…) to encrypt the keys for; may be repeated, or contain several separated by commas")
	terminal.InEnvironment(f, "data", "nats-url")
	l.Flags(f, "info")
	cmd.AddCommand(newVerify())
	return cmd
}

// recipients is the flag for public keys of age.
type recipients struct {
	to   *[]age.Recipient
	text string
}

// String returns the text of the flag.
func (r *recipients) String() string { return r.text }

// Type returns what help shows for the value.
func (r *recipients) Type() string { return "age-key" }

// Set adds public keys.
func (r *recipients) Set(text string) error {
	more, err := backup.ParseRecipients(text)
	if err != nil {
		return err
	}
	*r.to, r.text = append(*r.to, more...), text
	return nil
}

// saving is a run of muster backup.
type saving struct {
	version            string
	out, data, natsURL string
	keysFor            []age.Recipient

	logger         *slog.Logger
	stdout, stderr io.Writer
}

func (b *saving) run(ctx context.Context) (err error) {
	to, err := b.output()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.drop()) }()
	s, err := store.Open(ctx, store.Options{Dir: b.data, URL: b.natsURL, ReadOnly: true, Running: true, Logger: b.logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	show, end := terminal.Progress(b.stderr, b.logger, "writing the backup")
	head, err := backup.Write(ctx, to, s, backup.Options{Version: b.version, KeysFor: b.keysFor, Progress: show})
	end()
	if err != nil {
		return err
	}
	path, err := to.keep()
	if err != nil {
		return err
	}
	say := b.stdout
	if b.out == "-" {
		say = b.stderr
	}
	fmt.Fprintf(say, "%s has %s\n", path, summary(head, "no keys"))
	return nil
}

// output returns where the backup is written to.
func (b *saving) output() (*output, error) {
	if b.out != "-" {
		if store.Within(b.out, b.data) {
			return nil, fmt.Errorf("%s is in the data directory %s: a backup beside the log is lost with it; name a file elsewhere (--out)", b.out, b.data)
		}
		return newOutput(b.out, "muster-20060102T150405Z.tar")
	}
	if f, ok := b.stdout.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		return nil, terminal.Usage("a backup is not written to a terminal: name a file, or redirect standard output")
	}
	return &output{Writer: b.stdout, path: "standard output"}, nil
}

// summary returns what a backup has, in words.
func summary(h backup.Head, without string) string {
	keys := without
	if h.Keys {
		keys = "encrypted keys"
	}
	text := fmt.Sprintf("%s of log %s, and %s", counted(h.Events(), "event"), h.Log, keys)
	for p, end := range h.Ends() {
		text += fmt.Sprintf("\n  partition %d up to %s, message %d, hash %x", p, end.Position, end.Message, end.Hash[:8])
	}
	return text
}

func counted(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
