package follow

import (
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// following is a run of muster events follow.
type following struct {
	client.Client
	organization domain.OrganizationID
	workspace    domain.WorkspaceID
	user         domain.UserID
	types        []string
	after, from  place
	until        place
	count        int // 0: no limit
	cursor       cursor
	format       string
	color        string
	names        bool
}

// maxCount is the largest --count.
const maxCount = 1_000_000_000

// New returns the command events.
func New() *cobra.Command {
	return terminal.Group(&cobra.Command{
		Use: "events", Short: "Print the events of a running service as they come",
		Long: "Events talks to a running service. It uses the token that it is given (--token), or the\n" +
			"root token in the service's data directory (--data). The token needs the scope events:read.",
	}, newFollow())
}

func newFollow() *cobra.Command {
	f := following{format: terminal.FormatTable, names: true}
	cmd := &cobra.Command{
		Use: "follow", Short: "Print an organization's events as they come",
		Long: "Follow prints the events of an organization as they come, until it is interrupted. It then\n" +
			"says on standard error where to resume, and exits with 0. When the connection is lost it\n" +
			"says so on standard error, connects again, and goes on without loss or repetition.\n\n" +
			"By default it begins with the next event. --after begins after a position, --from with the\n" +
			"event at a position; both also take a time, a day (its beginning in UTC), earliest or latest.\n" +
			"With --cursor-file it keeps the position of the last printed event in a file, and begins\n" +
			"after that position when the file exists.\n\n" +
			"Each event is a line with its time, position and type, whom it concerns, what has changed,\n" +
			"and who has done it. Beside the ids are the names of people, workspaces, roles, tokens and\n" +
			"subscriptions, as far as the token may read them (users:read, workspaces:read, roles:read,\n" +
			"tokens:read, subscriptions:read). With --format jsonl a line is a CloudEvent, byte for byte\n" +
			"as the service has sent it.",
		Example: "  muster events follow --organization ORG\n" +
			"  muster events follow --organization ORG --type member.* --workspace WS --from 2026-03-01\n" +
			"  muster events follow --organization ORG --format jsonl --cursor-file position | ./provision\n" +
			"  muster events follow --organization ORG --from earliest --until latest --format jsonl >history.jsonl",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	f.flags(cmd)
	return cmd
}

func (f *following) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.Flags(flags)
	f.TokenFlags(flags)
	flags.Var(terminal.NewParsed(&f.organization, "id", terminal.ParseID), "organization", "the organization")
	_ = cmd.MarkFlagRequired("organization")
	flags.Var(terminal.NewParsed(&f.after, placeKind, parseAfter), "after", "begin after this: earliest, latest, a position, a time or a day; by default latest")
	flags.Var(terminal.NewParsed(&f.from, placeKind, parseFrom), "from", "begin with this: as --after, but the event at a position is included")
	cmd.MarkFlagsMutuallyExclusive("after", "from")
	flags.Var(terminal.NewParsed(&f.until, placeKind, parseUntil), "until", "end after this: latest (what is there now), a position that is there, a time or a day")
	flags.Var(terminal.NewCount(&f.count, maxCount), "count", "end after this many events")
	flags.Var(terminal.EventTypes(&f.types), "type", "only events of these types, such as member.added or member.*, separated by commas; may be repeated")
	flags.Var(terminal.NewParsed(&f.workspace, "id", terminal.ParseID), "workspace", "only events about this workspace")
	flags.Var(terminal.NewParsed(&f.user, "id", terminal.ParseID), "user", "only events about this user")
	flags.Var(terminal.NotEmpty(&f.cursor.file), "cursor-file", "file that keeps the position of the last printed event; begin after it if the file exists")
	flags.Var(terminal.OneOf(&f.format, terminal.FormatTable, terminal.FormatJSONL), "format", "how to print; jsonl is one CloudEvent per line")
	terminal.ColorFlag(flags, &f.color)
	flags.Var(terminal.NewToggle(&f.names), "names", "look up the names to show beside ids; --names=false asks for none")
	flags.Lookup("names").NoOptDefVal = "true"
	terminal.CompleteTypes(cmd, "type", wire.Types())
}
