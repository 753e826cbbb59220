package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

const (
	formatTable     = "table"
	kindRevocations = "revocations"
)

// reporting is the command report.
type reporting struct {
	reading
	organization     domain.OrganizationID
	workspace        domain.WorkspaceID
	review           domain.ReviewID
	asOf, since, end string
	format, out      string

	leavers string // the name of the file
	within  string
	text    string // of the file of leavers

	unsignable error // why manifests cannot be signed; nil: they can
}

func newReport() *cobra.Command {
	r := &reporting{format: formatTable}
	cmd := &cobra.Command{
		Use: "report KIND", Short: "Report who had access, who joined, moved and left, when access of leavers ended, and what reviews decided",
		Long: "Report makes a report of a log in a data directory (--data), also beside the service that runs on\n" +
			"it, or on NATS (--nats-url), and changes nothing there. It copies the read models of a service that\n" +
			"has stopped to a temporary directory, or makes them there of the log up to the last checkpoint that\n" +
			"was signed. With --url it gets the report of a running service, which is faster: that takes a token\n" +
			"with the scope audit:read (--token), or the root token in the data directory. KIND is one of\n\n  " + strings.Join(reportKinds(), "\n  ") + "\n\n" +
			"Revocations takes a file of leavers. It is CSV with a header, with the columns left_at and user_id or\n" +
			"email, or JSON Lines with these fields. For each of them it shows when their access ended.\n\n" +
			"With --out, the signed manifest of the report is written beside it, to FILE.manifest.",
		Example: "  muster audit report who-had-access --organization ORG --as-of 2026-01-01\n" +
			"  muster audit report revocations --organization ORG --leavers leavers.csv --within 24h\n" +
			"  muster audit report access-review --organization ORG --review REVIEW --format html --out review.html",
		Args: terminal.OneArgument("KIND"),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error { return r.run(cmd, arguments[0]) }),
	}
	f := cmd.Flags()
	r.flags(f)
	f.Var(terminal.NewParsed(&r.organization, "id", terminal.ParseID), "organization", "the organization; with --url by default the one that the token belongs to")
	f.Var(terminal.NewParsed(&r.workspace, "id", terminal.ParseID), "workspace", "only this workspace")
	f.Var(terminal.NewParsed(&r.review, "id", terminal.ParseID), "review", "the review, for access-review")
	f.Var(terminal.NewText(&r.asOf, "moment", checkMoment), "as-of", "the moment: a position, a time or a day")
	f.Var(terminal.NewText(&r.since, "moment", checkMoment), "from", "where the period begins, for joiners-movers-leavers")
	f.Var(terminal.NewText(&r.end, "moment", checkMoment), "to", "where it ends")
	f.Var(terminal.NotEmpty(&r.leavers), "leavers", "for revocations: file with who has left and when (CSV or JSON Lines)")
	f.Var(terminal.NewText(&r.within, "duration", checkWithin), "within", "for revocations: the time within which access must have ended; 24h by default")
	f.Var(terminal.OneOf(&r.format, formatTable, "csv", "jsonl", "html"), "format", "how to print")
	f.Var(terminal.NotEmpty(&r.out), "out", "write to this file, and the manifest beside it")
	cmd.ValidArgs = reportKinds()
	cmd.AddCommand(newReportVerify())
	return cmd
}

// path returns the path of the report.
func (r *reporting) path(kind string) string {
	query := url.Values{"format": {r.format}}
	if r.format == formatTable {
		query.Set("format", "csv")
	}
	for name, value := range map[string]string{"as_of": r.asOf, "from": r.since, "to": r.end, "within": r.within} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if !r.workspace.IsZero() {
		query.Set("workspace_id", r.workspace.String())
	}
	if !r.review.IsZero() {
		query.Set("review_id", r.review.String())
	}
	return "/v1/organizations/" + r.organization.String() + "/reports/" + url.PathEscape(kind) + "?" + query.Encode()
}

func (r *reporting) run(cmd *cobra.Command, kind string) error {
	if r.out != "" && r.format == formatTable {
		return terminal.Usage("--out takes a --format: csv, jsonl or html")
	}
	if err := checkKind(cmd.Flags(), kind); err != nil {
		return err
	}
	if err := r.readLeavers(); err != nil {
		return err
	}
	if err := r.begin(cmd); err != nil {
		return err
	}
	if r.remote {
		if err := r.service.Authorize(); err != nil {
			return err
		}
		if r.organization.IsZero() {
			var err error
			if r.organization, err = r.service.OwnOrganization(cmd.Context()); err != nil {
				return err
			}
		}
		return r.make(cmd, kind)
	}
	if r.organization.IsZero() {
		return terminal.Usage("--organization is needed, unless --url names a service whose token belongs to one")
	}
	return r.fromLog(cmd.Context(), func() error { return r.make(cmd, kind) })
}

// make gets the report from the service, and prints or saves it.
func (r *reporting) make(cmd *cobra.Command, kind string) error {
	download := func(to io.Writer) error {
		_, err := r.service.Download(cmd.Context(), r.path(kind), r.body(), to)
		return err
	}
	switch {
	case r.out != "":
		return r.save(cmd.Context(), kind)
	case r.format == formatTable:
		return printTable(cmd.OutOrStdout(), download)
	default:
		return download(cmd.OutOrStdout())
	}
}

// save writes the report and its manifest to files. It leaves no report that is not whole, and none
// with the manifest of other bytes.
func (r *reporting) save(ctx context.Context, kind string) (err error) {
	file, err := os.OpenFile(r.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			_ = os.Remove(r.out)
		}
	}()
	sum := sha256.New()
	headers, err := r.service.Download(ctx, r.path(kind), r.body(), io.MultiWriter(file, sum))
	if err != nil {
		return err
	}
	path, _, found := strings.Cut(strings.TrimPrefix(headers.Get("Link"), "<"), ">")
	if !found {
		return errors.New("the service has not said where the manifest of the report is (--url)")
	}
	if r.unsignable != nil {
		r.logger.Warn("the report has no signed manifest, because it cannot be signed here: the service itself signs one (--url)",
			slog.Any("reason", r.unsignable))
		return nil
	}
	var signed bytes.Buffer
	if _, err := r.service.Download(ctx, path, r.body(), &signed); err != nil {
		return fmt.Errorf("the manifest: %w", err)
	}
	says, err := readManifest(signed.String())
	if err != nil {
		return fmt.Errorf("the manifest: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != says.SHA256 {
		return fmt.Errorf("the report has changed before its manifest was made, as an open review or an erasure can change it: make it again; "+
			"its SHA-256 is %s, and in the manifest it is %s", got, says.SHA256)
	}
	manifest, err := os.OpenFile(r.out+".manifest", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	_, err = manifest.Write(signed.Bytes())
	if err = errors.Join(err, manifest.Close()); err != nil {
		_ = os.Remove(manifest.Name())
	}
	return err
}
