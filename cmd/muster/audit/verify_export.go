package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/audit/archive"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/proof"
)

// exportCheck is what the flags say of an export that is checked.
type exportCheck struct {
	key         string
	checkpoints []string
	format      string
}

func (x *exportCheck) flags(f *pflag.FlagSet) {
	x.format = terminal.FormatTable
	files := terminal.NewList(&x.checkpoints, "file", "a file with a signed checkpoint is expected", func(s string) string { return s })
	f.Var(terminal.NotEmpty(&x.key), "key", "for an export: file with the key of the service's checkpoints, or the key itself")
	f.Var(files, "checkpoint", "for an export: file with a checkpoint that you have from somewhere else, or with what GET /v1/checkpoints has sent; may be repeated")
	f.Var(files, "older", "for an export: file with an older checkpoint that the export must continue; may be repeated")
	f.Var(terminal.OneOf(&x.format, terminal.FormatTable, terminal.FormatJSONL), "format", "how to print; jsonl is one check per line")
}

// wanted reports whether an export is to be checked, and not a log.
func (x *exportCheck) wanted(cmd *cobra.Command, arguments []string) bool {
	return len(arguments) > 0 || cmd.Flags().Changed("key") || cmd.Flags().Changed("checkpoint") || cmd.Flags().Changed("older")
}

func (x *exportCheck) run(cmd *cobra.Command, arguments []string, logger *slog.Logger) error {
	for _, name := range []string{"data", "nats-url", "url"} {
		if cmd.Flags().Changed(name) {
			return terminal.Usage("--%s and an export: name one of them to verify", name)
		}
	}
	if cmd.Flags().Changed("organization") {
		return terminal.Usage("--organization has no effect on an export: all of it is verified")
	}
	if len(arguments) == 0 {
		return terminal.Usage("name the directory of the export, or the file of the proof")
	}
	if x.key == "" {
		return terminal.Usage("--key is needed: the key of the service's checkpoints, as GET /v1/checkpoints/key shows it. " +
			"Take it from somewhere else than from the export, because whoever can forge an export can also put another key into it")
	}
	blind := func(err error) error { return terminal.Fail(err, terminal.StatusBlind) }
	v, err := readKey(x.key)
	if err != nil {
		return blind(err)
	}
	o := archive.Options{Verifier: v}
	for _, path := range x.checkpoints {
		found, err := readCheckpoints(v, path)
		if err != nil {
			return blind(err)
		}
		o.Checkpoints = append(o.Checkpoints, found...)
	}
	failed, unknown := 0, 0
	report := func(f archive.Finding) {
		switch f.Result {
		case archive.Failed:
			failed++
		case archive.Unknown:
			unknown++
		}
		printCheck(cmd.OutOrStdout(), x.format, string(f.Result), f.Check, f.Detail)
	}
	if info, err := os.Stat(arguments[0]); err == nil && !info.IsDir() {
		err = archive.VerifyProof(arguments[0], o, report)
		if err != nil {
			return blind(err)
		}
	} else {
		show, end := terminal.Progress(cmd.ErrOrStderr(), logger, "checking the export")
		o.Progress = show
		err = archive.Verify(cmd.Context(), arguments[0], o, report)
		end()
		if err != nil {
			return blind(fmt.Errorf("could not check: %w", err))
		}
	}
	switch {
	case failed > 0:
		return errors.New("a check has failed: keep a copy of everything")
	case unknown > 0:
		return blind(errors.New("not everything that you asked for could be checked"))
	}
	return nil
}

// readKey reads the public key from a file, or from the text itself.
func readKey(text string) (proof.Verifier, error) {
	content, err := os.ReadFile(text)
	if err != nil {
		if v, err := proof.ParseVerifier(text); err == nil {
			return v, nil
		}
		return proof.Verifier{}, fmt.Errorf("--key: it is neither a file that can be read nor a key: %w", err)
	}
	v, err := proof.ParseVerifier(string(content))
	if err != nil {
		err = fmt.Errorf("--key: %s: %w", text, err)
	}
	return v, err
}

// readCheckpoints reads a signed checkpoint from a file, or several in the JSON of the service.
func readCheckpoints(v proof.Verifier, path string) ([]proof.Checkpoint, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	notes := []string{string(text)}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		var list checkpointList
		if err := json.Unmarshal(text, &list); err != nil || len(list.Items) == 0 {
			return nil, errors.Join(fmt.Errorf("%s is neither a signed checkpoint nor a list of them", path), err)
		}
		notes = notes[:0]
		for _, item := range list.Items {
			notes = append(notes, item.Checkpoint)
		}
	}
	var found []proof.Checkpoint
	for _, note := range notes {
		cp, err := v.Open([]byte(note))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		found = append(found, cp)
	}
	return found, nil
}

// checkpointList is what this package needs of the service's list of checkpoints.
type checkpointList struct {
	Items []struct {
		Partition  int    `json:"partition"`
		Checkpoint string `json:"checkpoint"`
	} `json:"items"`
}

// printCheck prints the result of a check.
func printCheck(w io.Writer, format, result, check, detail string) {
	if format == terminal.FormatJSONL {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		_ = e.Encode(struct { // as for the table, a reader that is gone is no result
			Result string `json:"result"`
			Check  string `json:"check"`
			Detail string `json:"detail"`
		}{strings.ToLower(result), check, detail})
		return
	}
	fmt.Fprintf(w, "%-5s %-16s %s\n", result, check, detail)
}
