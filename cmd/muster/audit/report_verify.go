package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

func newReportVerify() *cobra.Command {
	var key, manifest, leavers string
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
			return verifyReport(cmd.OutOrStdout(), arguments[0], manifest, key, leavers)
		}),
	}
	cmd.Flags().Var(terminal.NotEmpty(&key), "key", "file with the public key, as GET /v1/checkpoints/key shows it, or the key itself")
	cmd.Flags().Var(terminal.NotEmpty(&manifest), "manifest", "the manifest; by default FILE.manifest")
	cmd.Flags().Var(terminal.NotEmpty(&leavers), "leavers", "also check that the report is about this file of leavers")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

// reportManifest is what a manifest says of a report.
type reportManifest struct {
	Report   string `json:"report"`
	Position string `json:"position"`
	Rows     int    `json:"rows"`
	SHA256   string `json:"sha256"`
	Leavers  *struct {
		SHA256 string `json:"sha256"`
	} `json:"leavers"`
}

// readManifest reads the line of a manifest, with or without the signature behind it. It does not
// check the signature.
func readManifest(note string) (says reportManifest, err error) {
	line, _, _ := strings.Cut(note, "\n")
	err = json.Unmarshal([]byte(line), &says)
	return says, err
}

func verifyReport(to io.Writer, name, manifest, key, leavers string) error {
	verifier, err := readKey(key)
	if err != nil {
		return terminal.Fail(err, terminal.StatusBlind)
	}
	signed, err := os.ReadFile(manifest) //nolint:gosec // the file that was named
	if err != nil {
		return terminal.Fail(err, terminal.StatusBlind)
	}
	text, err := verifier.OpenNote("report", signed)
	if err != nil {
		return fmt.Errorf("%s: %w", manifest, err)
	}
	says, err := readManifest(text)
	if err != nil {
		return fmt.Errorf("%s: %w", manifest, err)
	}
	got, err := sumOf(name)
	if err != nil {
		return terminal.Fail(err, terminal.StatusBlind)
	}
	if got != says.SHA256 {
		return fmt.Errorf("%s is not the report that the manifest is of: its SHA-256 is %s, and should be %s", name, got, says.SHA256)
	}
	if leavers != "" {
		if got, err = sumOf(leavers); err != nil {
			return terminal.Fail(err, terminal.StatusBlind)
		}
		if says.Leavers == nil || got != says.Leavers.SHA256 {
			return fmt.Errorf("%s is not the file of leavers that the report is about: its SHA-256 is %s", leavers, got)
		}
	}
	_, err = fmt.Fprintf(to, "%s is the report %s as of %s with %d rows, as %s has signed it\n", name, says.Report, says.Position, says.Rows, verifier.Installation())
	return err
}

// sumOf returns the SHA-256 of a file.
func sumOf(name string) (string, error) {
	file, err := os.Open(name) //nolint:gosec // the file that was named
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
