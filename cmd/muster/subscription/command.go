package subscription

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// subscriptions is what all commands about subscriptions have in common.
type subscriptions struct {
	client.Client
	organization domain.OrganizationID
	format       string
}

// New returns the command subscription.
func New() *cobra.Command {
	return terminal.Group(&cobra.Command{
		Use: "subscription", Short: "Manage the subscriptions of an organization of a running service",
		Long: "A subscription is a named, durable place in an organization's history. Muster delivers the\n" +
			"events after it, in order: to the URL of a webhook, or to a subscriber that fetches them\n" +
			"from NATS. None is skipped unless you say so, and a paused subscription keeps its place.\n\n" +
			"Subscription talks to a running service. It uses the token that it is given (--token), or\n" +
			"the root token in the service's data directory (--data). SUBSCRIPTION is an id, or a name\n" +
			"that only one subscription has.",
		Example: "  SECRET=$(muster subscription create --organization ORG --name billing --endpoint https://billing.example.com/muster --type member.*)\n" +
			"  muster subscription list --organization ORG\n" +
			"  muster subscription deliveries billing --organization ORG\n" +
			"  muster subscription rewind billing --organization ORG --from 2026-03-01",
	},
		newCreate(), newList(), newGet(), newUpdate(), newPause(), newResume(), newRewind(), newSkip(),
		newPing(), newDeliveries(), newRotateSecret(), newDelete())
}

// flags defines the flags that all commands about subscriptions have.
func (s *subscriptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	s.Flags(f)
	s.TokenFlags(f)
	f.Var(terminal.NewParsed(&s.organization, "id", terminal.ParseID), "organization", "the organization")
	_ = cmd.MarkFlagRequired("organization")
}

// formatFlag defines the flag of the commands that print subscriptions or deliveries.
func (s *subscriptions) formatFlag(cmd *cobra.Command) {
	s.format = terminal.FormatTable
	cmd.Flags().Var(terminal.OneOf(&s.format, terminal.FormatTable, terminal.FormatJSON), "format", "how to print; json is what the API shows")
}

// shown makes cmd a command about one subscription that prints something in a format.
func (s *subscriptions) shown(cmd *cobra.Command, do func(cmd *cobra.Command, which chosen) error) *cobra.Command {
	s.formatFlag(cmd)
	return s.oneOf(cmd, do)
}

// oneOf makes cmd a command about one subscription, which is its argument.
func (s *subscriptions) oneOf(cmd *cobra.Command, do func(cmd *cobra.Command, which chosen) error) *cobra.Command {
	cmd.Use += " SUBSCRIPTION"
	cmd.Args = terminal.OneArgument("SUBSCRIPTION")
	cmd.RunE = terminal.Action(func(cmd *cobra.Command, arguments []string) error {
		if err := s.Authorize(); err != nil {
			return err
		}
		which, err := s.find(cmd.Context(), arguments[0])
		if err != nil {
			return err
		}
		return do(cmd, which)
	})
	cmd.ValidArgsFunction = s.complete
	s.flags(cmd)
	return cmd
}

// path returns the path of the organization's subscriptions.
func (s *subscriptions) path() string {
	return "/v1/organizations/" + s.organization.String() + "/subscriptions"
}

// print prints a subscription as JSON, or else what the function prints.
func (s *subscriptions) print(cmd *cobra.Command, sub *subscription, table func() error) error {
	if s.format == terminal.FormatJSON {
		return terminal.PrintJSON(cmd.OutOrStdout(), sub.shown)
	}
	return table()
}

// subscription is what commands read of a subscription that the API shows.
type subscription struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Kind       string      `json:"kind"`
	Types      []string    `json:"types"`
	Workspace  *string     `json:"workspace_id"`
	From       string      `json:"from"`
	URL        *string     `json:"url"`
	Include    []string    `json:"include"`
	Batch      int         `json:"batch"`
	State      string      `json:"state"`
	Reason     *string     `json:"reason"`
	Position   *string     `json:"position"`
	Lag        *uint64     `json:"lag"`
	Oldest     client.Time `json:"oldest_undelivered_at"`
	Failing    client.Time `json:"failing_since"`
	Next       client.Time `json:"next_attempt_at"`
	Former     client.Time `json:"former_secret_expires_at"`
	Created    client.Time `json:"created_at"`
	Updated    client.Time `json:"updated_at"`
	Secret     string      `json:"secret"` // only of one just made, or whose secret was just rotated
	Connection *connection `json:"connection"`

	shown json.RawMessage // as the API shows it
}

// connection is how the subscriber of a subscription of the kind nats fetches its events.
type connection struct {
	Stream   string   `json:"stream"`
	Consumer string   `json:"consumer"`
	Inbox    string   `json:"inbox_prefix"`
	User     string   `json:"user"`
	URLs     []string `json:"urls"`
}

// UnmarshalJSON keeps what the API shows.
func (s *subscription) UnmarshalJSON(text []byte) error {
	type plain subscription
	if err := json.Unmarshal(text, (*plain)(s)); err != nil {
		return err
	}
	s.shown = append(json.RawMessage(nil), text...)
	return nil
}
