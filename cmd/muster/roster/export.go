package roster

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// exporting is a run of muster export.
type exporting struct {
	client.Client
	workspace domain.WorkspaceID
	format    string
}

// NewExport returns the command export.
func NewExport() *cobra.Command {
	e := exporting{format: terminal.FormatCSV}
	cmd := &cobra.Command{
		Use: "export", Short: "Print the members of a workspace of a running service",
		Long: "Export prints the members of a workspace, including invited and suspended ones, in a form\n" +
			"that muster import reads.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			return e.run(cmd.Context(), cmd.OutOrStdout())
		}),
	}
	f := cmd.Flags()
	e.Flags(f)
	e.TokenFlags(f)
	f.Var(terminal.NewParsed(&e.workspace, "id", terminal.ParseID), "workspace", "the workspace")
	_ = cmd.MarkFlagRequired("workspace")
	f.Var(terminal.OneOf(&e.format, terminal.FormatCSV, terminal.FormatJSONL), "format", "how to print")
	return cmd
}

func (e *exporting) run(ctx context.Context, stdout io.Writer) error {
	if err := e.Authorize(); err != nil {
		return err
	}
	write, flush := e.writer(stdout)
	path := "/v1/workspaces/" + e.workspace.String() + "/members"
	for members, err := range client.Pages[client.Membership](ctx, &e.Client, path) {
		if err != nil {
			return err
		}
		for i := range members {
			if err := write(exportOf(&members[i])); err != nil {
				return fmt.Errorf("writing the export: %w", err)
			}
		}
	}
	return flush()
}

// writer returns a function that writes one member, and one to call after the last.
func (e *exporting) writer(stdout io.Writer) (write func(*exported) error, flush func() error) {
	if e.format == terminal.FormatJSONL {
		encoder := json.NewEncoder(stdout)
		encoder.SetEscapeHTML(false)
		return func(line *exported) error { return encoder.Encode(line) }, func() error { return nil }
	}
	out := csv.NewWriter(stdout)
	_ = out.Write(columns) // flush returns its error
	write = func(line *exported) error { return out.Write(line.record()) }
	return write, func() error {
		out.Flush()
		return out.Error()
	}
}
