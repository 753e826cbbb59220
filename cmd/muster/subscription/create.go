package subscription

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// The kinds of subscriptions.
const (
	kindWebhook = string(domain.SubscriptionWebhook)
	kindNATS    = string(domain.SubscriptionNATS)
)

// termFlags are the flags for what can be said about a subscription.
type termFlags struct {
	name, endpoint string
	types          []string
	workspace      domain.WorkspaceID
	include        string
	batch          int
}

// The values of --include.
const (
	includeProfile = "profile"
	includeNone    = "none"
)

func (t *termFlags) flags(cmd *cobra.Command, includes ...string) {
	f := cmd.Flags()
	f.Var(terminal.NotEmpty(&t.name), "name", "name of the subscription")
	f.Var(terminal.NewText(&t.endpoint, "url", checkEndpoint), "endpoint", "URL that a webhook's events are sent to")
	f.Var(terminal.EventTypes(&t.types), "type", "only events of these types, such as member.added or member.*, separated by commas; may be repeated")
	f.Var(terminal.NewParsed(&t.workspace, "id", terminal.ParseID), "workspace", "only events about this workspace")
	f.Var(terminal.OneOf(&t.include, includes...), "include", "profile: send the personal data (e-mail addresses, names) of events to the webhook as well")
	f.Var(terminal.NewCount(&t.batch, domain.MaxBatch), "batch", "most events in one request of a webhook; 1 by default")
	terminal.CompleteTypes(cmd, "type", wire.Types())
}

func checkEndpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("a URL like https://billing.example.com/muster is expected")
	}
	return nil
}

// given returns what the flags say, as fields of a request.
func (t *termFlags) given() map[string]any {
	said := make(map[string]any)
	if t.name != "" {
		said["name"] = t.name
	}
	if t.endpoint != "" {
		said["url"] = t.endpoint
	}
	if len(t.types) > 0 {
		said["types"] = t.types
	}
	if !t.workspace.IsZero() {
		said["workspace_id"] = t.workspace
	}
	switch t.include {
	case includeProfile:
		said["include"] = []string{includeProfile}
	case includeNone:
		said["include"] = []string{}
	}
	if t.batch > 0 {
		said["batch"] = t.batch
	}
	return said
}

func newCreate() *cobra.Command {
	var s subscriptions
	var t termFlags
	kind := kindWebhook
	var from string
	cmd := &cobra.Command{
		Use: "create", Short: "Make a subscription; its secret is shown only this once",
		Long: "Create makes a subscription. A webhook (--kind webhook, the default) sends every event to\n" +
			"the URL --endpoint, signed with the secret. With --kind nats the subscriber fetches the\n" +
			"events from NATS with its own password.\n\n" +
			"The secret or password alone goes to standard output, so that a shell can take it.\n" +
			"Everything else goes to standard error. With --format json one object with the secret in\n" +
			"it goes to standard output.",
		Example: "  SECRET=$(muster subscription create --organization ORG --name billing --endpoint https://billing.example.com/muster --type member.*)\n" +
			"  muster subscription create --organization ORG --name search --kind nats --from earliest --format json",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			switch {
			case kind == kindWebhook && t.endpoint == "":
				return terminal.Usage("a webhook needs a URL to send events to: --endpoint")
			case kind == kindNATS && t.endpoint != "":
				return terminal.Usage("--endpoint is for webhooks: a subscriber of --kind nats fetches its events")
			}
			if err := s.Authorize(); err != nil {
				return err
			}
			said := t.given()
			said["kind"] = kind
			if from != "" {
				said["from"] = from
			}
			var made subscription
			if err := s.Call(cmd.Context(), http.MethodPost, s.path(), said, &made); err != nil {
				return err
			}
			return s.printSecret(cmd, &made, fmt.Sprintf("Made subscription %s.", made.ID))
		}),
	}
	s.flags(cmd)
	s.formatFlag(cmd)
	t.flags(cmd, includeProfile)
	f := cmd.Flags()
	f.Var(terminal.OneOf(&kind, kindWebhook, kindNATS), "kind", "how events reach the subscriber")
	f.Var(terminal.NotEmpty(&from), "from", "the first event: earliest, latest (the next one), a position or a time; by default latest")
	_ = cmd.MarkFlagRequired("name")
	return cmd
}
