package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
)

func newErasures() *cobra.Command {
	var s node.Source
	var l terminal.Logging
	var to string
	cmd := &cobra.Command{
		Use: "erasures", Short: "Print the erasure ledger, or copy it to a file",
		Long: "Erasures reads the erasure ledger, checks its chain of hashes, and prints it: a line of JSON\n" +
			"for each erasure, with the ids of organization, user and keys, the time and the position.\n" +
			"With --out it writes the lines to a file outside of the data directory, which appears whole or\n" +
			"not at all. It replaces an older copy of the same ledger, and nothing else. Restoring a backup\n" +
			"asks for such a file. Keep it apart from backups.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if s.NATSURL != "" && !cmd.Flags().Changed("data") {
				s.Data = "" // the one in the environment may belong to another log
			}
			if to != "" && store.Within(to, s.Data) {
				return fmt.Errorf("%s is in the data directory %s: a copy beside the ledger is lost with it; name a file elsewhere (--out)", to, s.Data)
			}
			text, err := erasures(cmd.Context(), s, l.Logger(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			if to != "" {
				return replaceLedger(to, text)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		}),
	}
	f := cmd.Flags()
	f.Var(terminal.NotEmpty(&to), "out", "file to write the ledger to; by default it is printed")
	s.Flags(f)
	l.Flags(f, "warn")
	return cmd
}

// replaceLedger writes the ledger to a file. It replaces only what the ledger continues: a copy with
// more lines is newer, and anything else is no copy of it.
func replaceLedger(to string, text []byte) error {
	info, err := os.Stat(to)
	if errors.Is(err, fs.ErrNotExist) {
		return store.WriteFile(to, text, 0o600)
	}
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", to)
	}
	if err != nil {
		return err
	}
	former, err := os.ReadFile(to)
	switch {
	case err != nil:
		return err
	case len(former) > len(text) && bytes.HasPrefix(former, text):
		return fmt.Errorf("%s has more erasures than the ledger, and was left as it is: the ledger is not the newest one", to)
	case !bytes.HasPrefix(text, former):
		return fmt.Errorf("%s is no older copy of this erasure ledger, and was left as it is: name another file (--out)", to)
	}
	return store.WriteFile(to, text, 0o600)
}

var errLedgerElsewhere = errors.New("this is the NATS of a service with an embedded log, and its erasure ledger is in its " +
	"data directory: run the command on its machine with --data, also while the service runs")

// erasures returns the text of the ledger. The one in a data directory is read beside a running
// service, because it only grows.
func erasures(ctx context.Context, s node.Source, logger *slog.Logger) (text []byte, err error) {
	var ledger *personal.Ledger
	if s.NATSURL == "" {
		ledger, err = personal.ReadLedger(filepath.Join(s.Data, personal.LedgerName))
	} else {
		var log *store.Store
		if log, err = store.Open(ctx, store.Options{Dir: s.Data, URL: s.NATSURL, ReadOnly: true, Logger: logger}); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, log.Close()) }()
		if log.ServedByNode() {
			return nil, errLedgerElsewhere
		}
		ledger, err = personal.OpenLedgerStream(ctx, personal.Servers{JS: log.JS, Beside: log.Beside}, true)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	var b bytes.Buffer
	err = ledger.Export(ctx, &b)
	return b.Bytes(), err
}
