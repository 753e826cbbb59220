package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/audit/archive"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// export is one run of the command.
type export struct {
	reading
	organization domain.OrganizationID
	all          bool
	dir          string
	older        []string
	about        archive.About
	out          io.Writer
}

func newExport() *cobra.Command {
	var e export
	cmd := &cobra.Command{
		Use: "export (--organization ORG | --all) --out DIR", Short: "Write events with proofs that an auditor can check without Muster",
		Long: "Export writes files that can be checked without Muster and without trusting whoever runs it.\n\n" +
			"With --organization these are the organization's events as the log stores them, a proof for\n" +
			"each of them (c2sp.org/tlog-proof), and the signed checkpoint that the proofs lead to. With\n" +
			"--all it is the whole log, each partition in the layout c2sp.org/tlog-tiles. That has the\n" +
			"events of all organizations, so it is for the operator's own auditors.\n\n" +
			"The export ends with the last checkpoint that the service has signed. A service signs one\n" +
			"when it stops, and within ten seconds while it runs. The log is in a data directory (--data),\n" +
			"also beside the service that runs on it, or on NATS (--nats-url). An organization's events can\n" +
			"also be had from a running service (--url) with a token that has the scope events:read. That\n" +
			"takes a request for each event. Such an export has no statement of the operator, and no\n" +
			"proofs that it continues older checkpoints.\n\n" +
			"The directory must be empty or missing. An export that was interrupted is begun again by the\n" +
			"same command. Nothing else is written, except that hashes of the log which the data directory\n" +
			"lacks are made in a temporary directory meanwhile.",
		Example: "  muster audit export --organization ORG --out export\n" +
			"  muster audit export --organization ORG --out export --older checkpoint-of-last-year\n" +
			"  muster audit export --organization ORG --out export --url https://muster.example.com --token TOKEN\n" +
			"  muster audit export --all --out log --data /var/lib/muster",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if err := e.begin(cmd); err != nil {
				return err
			}
			if err := e.check(); err != nil {
				return err
			}
			e.out = cmd.OutOrStdout()
			e.about = archive.About{Muster: cmd.Root().Version, MadeAt: time.Now().UTC().Truncate(time.Second)}
			return e.run(cmd.Context())
		}),
	}
	f := cmd.Flags()
	e.flags(f)
	f.Var(terminal.NewParsed(&e.organization, "id", terminal.ParseID), "organization", "the organization")
	f.Var(terminal.NewToggle(&e.all), "all", "the whole log, of all organizations")
	f.Lookup("all").NoOptDefVal = "true"
	f.Var(terminal.NotEmpty(&e.dir), "out", "directory to write to; it must be empty or missing")
	f.Var(terminal.NewList(&e.older, "file", "a file with a signed checkpoint is expected", func(s string) string { return s }), "older",
		"file with an older checkpoint: also write the proof that the log continues it; may be repeated")
	_ = cmd.MarkFlagRequired("out") // fails only for a flag that does not exist
	return cmd
}

// check refuses a command line that does not say what to export.
func (e *export) check() error {
	switch {
	case e.all == !e.organization.IsZero():
		return terminal.Usage("say either --organization ORG or --all")
	case e.all && e.remote:
		return terminal.Usage("--all and --url: a service does not show all organizations' events to anybody; use --data or --nats-url")
	case len(e.older) > 0 && e.remote:
		return terminal.Usage("--older and --url: a service gives no proofs that its log continues an older checkpoint; use --data or --nats-url")
	case len(e.older) > 0 && e.all:
		return terminal.Usage("--older and --all: the whole log shows that it continues every older checkpoint; give it to audit verify")
	}
	return nil
}

func (e *export) run(ctx context.Context) (err error) {
	w, err := archive.Create(e.dir)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if e.remote {
		return e.fromService(ctx, w)
	}
	log, v, signed, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	if e.all {
		return e.wholeLog(ctx, log, w.Log(v, e.about), signed)
	}
	return e.fromLog(ctx, log, v, signed[log.Partition(e.organization)], w)
}

// done says what was written, and how to check it.
func (e *export) done(what string) error {
	_, err := fmt.Fprintf(e.out, "exported %s to %s\n"+
		"check it: muster audit verify --key KEY --checkpoint CHECKPOINT %s\n"+
		"KEY and CHECKPOINT must come from somewhere else: GET /v1/checkpoints/key and GET /v1/checkpoints of the service, or what you noted earlier\n",
		what, e.dir, e.dir)
	return err
}
