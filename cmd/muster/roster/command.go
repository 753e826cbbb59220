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
		source: source{format: terminal.FormatCSV, encoding: table.Auto},
		most:   domain.MaxOperations, parallel: 4, format: terminal.FormatTable,
	}
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Add the members of a file to a workspace of a running service",
		Long: "Import adds, through a running service, the people of a CSV or JSONL file to a workspace.\n" +
			"FILE - is standard input.\n\n" +
			"A CSV file begins with the names of its columns, of these:\n" + strings.Join(columns, ", ") + ".\n" +
			"The names that Google Workspace, Slack, GitHub, Okta, Microsoft Entra and Excel give them\n" +
			"are understood, in any case; how a file is read is shown before anything is sent. The\n" +
			"separator is found by itself, and so is the encoding where it is certain.\n" +
			"A line of JSONL is an object as muster export writes it.\n\n" +
			"Somebody with an e-mail address and no user id is invited.\n\n" +
			"Lines that are refused are reported with their numbers, and the exit status is then 1;\n" +
			"the others are in. Nobody is added twice: to repeat an import is safe.",
		Example: "  muster import people.csv --workspace WS --role viewer --dry-run\n" +
			"  muster import users.csv --workspace WS --role viewer --map \"Work e-mail=email\" --ignore-unknown\n" +
			"  muster import people.csv --workspace WS --invitations invitations.csv --invitation-link 'https://app.example.com/join?token={token}'",
		Args: cobra.ExactArgs(1),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error {
			return i.run(cmd.Context(), arguments[0], cmd)
		}),
	}
	f := cmd.Flags()
	i.Flags(f)
	i.TokenFlags(f)
	f.Var(terminal.NewParsed(&i.workspace, "id", domain.ParseID), "workspace", "the workspace")
	_ = cmd.MarkFlagRequired("workspace")
	f.StringVar(&i.source.role, "role", "", "role of those whose line names none")
	f.Var(terminal.OneOf(&i.source.format, terminal.FormatCSV, terminal.FormatJSONL), "from", "format of the file")
	f.Var(terminal.OneOf(&i.source.encoding, table.Encodings...), "encoding", "encoding of the file; auto never takes a file for windows-1252, which looks like others")
	var mapped string
	f.Var(terminal.NewText(&mapped, "column=field", i.source.mapping.set), "map", "what a column says: one of "+strings.Join(fields, ", ")+"; can be given several times")
	f.BoolVar(&i.source.mapping.ignoreUnknown, "ignore-unknown", false, "leave out columns that are not known")
	f.BoolVar(&i.dry, "dry-run", false, "say what would be done, and do nothing")
	f.Var(terminal.NewCount(&i.most, domain.MaxOperations), "batch", "people in one commit at most")
	f.Var(terminal.NewCount(&i.parallel, mostParallel), "parallel", "commits that are sent at a time")
	f.StringVar(&i.secrets, "invitations", "", "file to make for the invited people and the tokens with which they accept; - for the report (--format json)")
	f.Var(terminal.NewText(&i.link, "url", checkLink), "invitation-link", "link to write beside each token, with {token} in its place")
	f.Var(terminal.OneOf(&i.format, terminal.FormatTable, terminal.FormatJSON), "format", "how to print the report")
	i.logging.Flags(f, "info")
	return cmd
}
