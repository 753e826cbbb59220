package roster

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/roster/table"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// NewImport returns the command import.
func NewImport() *cobra.Command {
	i := importing{
		source: source{format: terminal.FormatCSV, encoding: table.Auto, separator: table.Auto},
		most:   domain.MaxOperations, parallel: 4, format: terminal.FormatTable,
	}
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Add people from a file to a workspace of a running service",
		Long: "Import adds, through a running service, the people of a CSV or JSONL file to a workspace.\n" +
			"FILE - is standard input.\n\n" +
			"The first line of a CSV file names its columns:\n" + strings.Join(columns, ", ") + ".\n" +
			"Column names of Google Workspace, Slack, GitHub, Okta, Microsoft Entra and Excel work too,\n" +
			"in any case. Import shows how it reads the file before it sends anything. It recognises\n" +
			"the separator, and the encoding if that is certain.\n" +
			"A line of JSONL is an object as muster export writes it.\n\n" +
			"A line with an e-mail address and no user id invites the person.\n\n" +
			"Rejected lines are reported with their numbers, and the exit status is then 1. The other\n" +
			"lines are imported. Nobody is added twice, so you can safely repeat an import.",
		Example: "  muster import people.csv --workspace WS --role viewer --dry-run\n" +
			"  muster import users.csv --workspace WS --role viewer --map \"Work e-mail=email\" --ignore-unknown\n" +
			"  muster import people.csv --workspace WS --invitations invitations.csv --invitation-link 'https://app.example.com/join?token={token}'",
		Args: terminal.OneArgument("FILE"),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error {
			return i.run(cmd.Context(), arguments[0], cmd)
		}),
	}
	f := cmd.Flags()
	i.Flags(f)
	i.TokenFlags(f)
	f.Var(terminal.NewParsed(&i.workspace, "id", terminal.ParseID), "workspace", "the workspace")
	_ = cmd.MarkFlagRequired("workspace")
	f.Var(terminal.NotEmpty(&i.source.role), "role", "role for lines without one")
	f.Var(terminal.OneOf(&i.source.format, terminal.FormatCSV, terminal.FormatJSONL), "from", "format of the file")
	f.Var(terminal.OneOf(&i.source.encoding, table.Encodings...), "encoding", "encoding of the file; auto cannot recognise windows-1252, so name it")
	f.Var(terminal.OneOf(&i.source.separator, table.Auto, "comma", "semicolon", "tab"), "separator", "what is between the values of a CSV file")
	var mapped string
	f.Var(terminal.NewText(&mapped, "column=field", i.source.mapping.set), "map", "which field a column is: one of "+strings.Join(fields, ", ")+"; may be repeated")
	f.BoolVar(&i.source.mapping.ignoreUnknown, "ignore-unknown", false, "leave out unknown columns")
	f.BoolVar(&i.dry, "dry-run", false, "decide every line and change nothing")
	f.Var(terminal.NewCount(&i.most, domain.MaxOperations), "batch", "most people in one commit")
	f.Var(terminal.NewCount(&i.parallel, mostParallel), "parallel", "number of batches sent at the same time")
	f.Var(terminal.NotEmpty(&i.secrets), "invitations", "new file for the invited people and the tokens that they accept with; - adds them to the report (--format json)")
	f.Var(terminal.NewText(&i.link, "url", checkLink), "invitation-link", "link to write beside each token, with {token} in its place")
	f.Var(terminal.OneOf(&i.format, terminal.FormatTable, terminal.FormatJSON), "format", "how to print the report")
	i.logging.Flags(f, "info")
	return cmd
}
