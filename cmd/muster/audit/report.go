package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/proof"
)

// kinds are the kinds of reports.
var kinds = []string{"who-had-access", "privileged", "joiners-movers-leavers", "access-review"}

const formatTable = "table"

// reporting is the command report.
type reporting struct {
	client.Client
	organization     domain.OrganizationID
	workspace        domain.WorkspaceID
	review           domain.ReviewID
	asOf, since, end string
	format, out      string
}

func newReport() *cobra.Command {
	r := &reporting{format: formatTable}
	cmd := &cobra.Command{
		Use: "report KIND", Short: "Report who had access, who joined, moved and left, and what reviews decided",
		Long: "Report gets a report of a running service. It uses the token that it is given (--token), or the\n" +
			"root token in the service's data directory (--data). KIND is one of\n\n  " + strings.Join(kinds, "\n  ") + "\n\n" +
			"With --out, the signed manifest of the report is written beside it, to FILE.manifest.",
		Example: "  muster audit report who-had-access --organization ORG --as-of 2026-01-01\n" +
			"  muster audit report access-review --organization ORG --review REVIEW --format html --out review.html",
		Args: terminal.OneArgument("KIND"),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error { return r.run(cmd, arguments[0]) }),
	}
	f := cmd.Flags()
	r.Flags(f)
	r.TokenFlags(f)
	f.Var(terminal.NewParsed(&r.organization, "id", terminal.ParseID), "organization", "the organization")
	f.Var(terminal.NewParsed(&r.workspace, "id", terminal.ParseID), "workspace", "only this workspace")
	f.Var(terminal.NewParsed(&r.review, "id", terminal.ParseID), "review", "the review, for access-review")
	f.Var(terminal.NotEmpty(&r.asOf), "as-of", "the moment: a position, a time or a day")
	f.Var(terminal.NotEmpty(&r.since), "from", "where the period begins, for joiners-movers-leavers")
	f.Var(terminal.NotEmpty(&r.end), "to", "where it ends")
	f.Var(terminal.OneOf(&r.format, formatTable, "csv", "jsonl", "html"), "format", "how to print")
	f.Var(terminal.NotEmpty(&r.out), "out", "write to this file, and the manifest beside it")
	_ = cmd.MarkFlagRequired("organization")
	cmd.ValidArgs = kinds
	cmd.AddCommand(newReportVerify())
	return cmd
}

// path returns the path of the report.
func (r *reporting) path(kind string) string {
	query := url.Values{"format": {r.format}}
	if r.format == formatTable {
		query.Set("format", "csv")
	}
	for name, value := range map[string]string{"as_of": r.asOf, "from": r.since, "to": r.end} {
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
	if err := r.Authorize(); err != nil {
		return err
	}
	switch {
	case r.out != "":
		return r.save(cmd.Context(), kind)
	case r.format == formatTable:
		var text bytes.Buffer
		if _, err := r.Download(cmd.Context(), r.path(kind), &text); err != nil {
			return err
		}
		return printTable(cmd.OutOrStdout(), &text)
	default:
		_, err := r.Download(cmd.Context(), r.path(kind), cmd.OutOrStdout())
		return err
	}
}

// printTable prints a report in CSV as a table.
func printTable(to io.Writer, report io.Reader) error {
	rows, err := csv.NewReader(report).ReadAll()
	if err != nil || len(rows) == 0 {
		return errors.New("the service has not sent a report (--url)")
	}
	table := terminal.NewTable(to, rows[0]...)
	for _, row := range rows[1:] {
		cells := make([]any, len(row))
		for i, cell := range row {
			cells[i] = terminal.Plain(cell)
		}
		table.AppendRow(cells)
	}
	table.Render()
	return nil
}

// save writes the report and its manifest to files. It leaves no report that is not whole.
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
	headers, err := r.Download(ctx, r.path(kind), file)
	if err != nil {
		return err
	}
	path, _, found := strings.Cut(strings.TrimPrefix(headers.Get("Link"), "<"), ">")
	if !found {
		return errors.New("the service has not said where the manifest of the report is (--url)")
	}
	var signed bytes.Buffer
	if _, err := r.Download(ctx, path, &signed); err != nil {
		return fmt.Errorf("the manifest: %w", err)
	}
	return os.WriteFile(r.out+".manifest", signed.Bytes(), 0o600)
}

func newReportVerify() *cobra.Command {
	var key, manifest string
	cmd := &cobra.Command{
		Use: "verify FILE", Short: "Check a report against its signed manifest",
		Long: "Verify checks that FILE has the bytes of which its manifest (FILE.manifest) says so, and that the\n" +
			"key has signed the manifest. It needs no service. The exit status is 0 if that is so, 1 if it is\n" +
			"not, and 2 if it cannot be found out.",
		Args: terminal.OneArgument("FILE"),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error {
			if manifest == "" {
				manifest = arguments[0] + ".manifest"
			}
			return verifyReport(cmd.OutOrStdout(), arguments[0], manifest, key)
		}),
	}
	cmd.Flags().Var(terminal.NotEmpty(&key), "key", "file with the public key, as GET /v1/checkpoints/key shows it")
	cmd.Flags().Var(terminal.NotEmpty(&manifest), "manifest", "the manifest; by default FILE.manifest")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

func verifyReport(to io.Writer, name, manifest, key string) error {
	keys, err := os.ReadFile(key) //nolint:gosec // the file that was named
	if err != nil {
		return terminal.Fail(err, terminal.StatusBlind)
	}
	verifier, err := proof.ParseVerifier(string(keys))
	if err != nil {
		return terminal.Fail(fmt.Errorf("%s: %w", key, err), terminal.StatusBlind)
	}
	signed, err := os.ReadFile(manifest) //nolint:gosec // the file that was named
	if err != nil {
		return terminal.Fail(err, terminal.StatusBlind)
	}
	file, err := os.Open(name) //nolint:gosec // the file that was named
	if err != nil {
		return terminal.Fail(err, terminal.StatusBlind)
	}
	defer func() { _ = file.Close() }()
	text, err := verifier.OpenNote("report", signed)
	if err != nil {
		return fmt.Errorf("%s: %w", manifest, err)
	}
	var says struct {
		Report   string `json:"report"`
		Position string `json:"position"`
		Rows     int    `json:"rows"`
		SHA256   string `json:"sha256"`
	}
	if err := json.Unmarshal([]byte(text), &says); err != nil {
		return fmt.Errorf("%s: %w", manifest, err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return terminal.Fail(err, terminal.StatusBlind)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != says.SHA256 {
		return fmt.Errorf("%s is not the report that the manifest is of: its SHA-256 is %s, and should be %s", name, got, says.SHA256)
	}
	_, err = fmt.Fprintf(to, "%s is the report %s as of %s with %d rows, as %s has signed it\n", name, says.Report, says.Position, says.Rows, verifier.Installation())
	return err
}
