package subscription

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

func newList() *cobra.Command {
	var s subscriptions
	cmd := &cobra.Command{
		Use: "list", Short: "List subscriptions: their state, and how far each is behind",
		Long: "List prints the organization's subscriptions. LAG is how many events are still to be\n" +
			"delivered, and OLDEST the time of the oldest of them.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if err := s.Authorize(); err != nil {
				return err
			}
			all, err := s.all(cmd.Context())
			if err != nil {
				return err
			}
			if s.format == terminal.FormatJSON {
				shown := make([]any, len(all))
				for i := range all {
					shown[i] = all[i].shown
				}
				return terminal.PrintJSON(cmd.OutOrStdout(), shown)
			}
			printList(cmd.OutOrStdout(), all)
			return nil
		}),
	}
	s.flags(cmd)
	s.formatFlag(cmd)
	return cmd
}

func newGet() *cobra.Command {
	var s subscriptions
	return s.shown(&cobra.Command{
		Use: "get", Short: "Print a subscription",
	}, func(cmd *cobra.Command, which chosen) error {
		sub, err := s.get(cmd.Context(), which)
		if err != nil {
			return err
		}
		return s.print(cmd, &sub, func() error {
			printOne(cmd.OutOrStdout(), &sub)
			return nil
		})
	})
}

// printList prints a table of subscriptions.
func printList(w io.Writer, all []subscription) {
	out := terminal.NewTable(w, "id", "name", "kind", "state", "position", "lag", "oldest", "events", "to")
	for i := range all {
		s := &all[i]
		out.AppendRow(terminal.Row{
			s.ID, terminal.Plain(s.Name), s.Kind, terminal.Plain(stateOf(s)), placeOf(s), lagOf(s), timeOf(s.Oldest),
			eventsOf(s), destinationOf(s),
		})
	}
	out.Render()
}

// printOne prints a subscription with one field in a line. It leaves out fields that have no
// value.
func printOne(w io.Writer, s *subscription) {
	out := terminal.NewTable(w, "field", "value")
	add := func(field, value string) {
		if value != "" {
			out.AppendRow(terminal.Row{field, terminal.Plain(value)})
		}
	}
	add("id", s.ID)
	add("name", s.Name)
	add("kind", s.Kind)
	add("state", stateOf(s))
	add("failing since", timeOf(s.Failing))
	add("next attempt", timeOf(s.Next))
	add("position", placeOf(s))
	add("lag", lagOf(s))
	add("oldest undelivered", timeOf(s.Oldest))
	add("from", s.From)
	add("events", eventsOf(s))
	add("url", terminal.OrEmpty(s.URL))
	add("include", strings.Join(s.Include, " "))
	if s.Batch > 1 {
		add("batch", strconv.Itoa(s.Batch))
	}
	if c := s.Connection; c != nil {
		c.print(add)
	}
	add("former secret until", timeOf(s.Former))
	add("created", timeOf(s.Created))
	add("updated", timeOf(s.Updated))
	out.Render()
}

func (c *connection) print(add func(field, value string)) {
	add("nats urls", strings.Join(c.URLs, " "))
	add("nats user", c.User)
	add("nats stream", c.Stream)
	add("nats consumer", c.Consumer)
	add("nats inbox prefix", c.Inbox)
}

// stateOf returns whether events are delivered, and why not if they are not.
func stateOf(s *subscription) string {
	if reason := terminal.OrEmpty(s.Reason); reason != "" {
		return s.State + ": " + reason
	}
	if failing := timeOf(s.Failing); failing != "" {
		return s.State + ", failing since " + failing
	}
	return s.State
}

// unknown is shown for a position that the service cannot tell at the moment.
const unknown = "unknown"

func placeOf(s *subscription) string {
	if s.Position == nil {
		return unknown
	}
	return *s.Position
}

func lagOf(s *subscription) string {
	if s.Lag == nil {
		return unknown
	}
	return strconv.FormatUint(*s.Lag, 10)
}

// timeOf returns the time, or nothing for the zero time.
func timeOf(t client.Time) string {
	if at := time.Time(t); !at.IsZero() {
		return terminal.ShowTime(at)
	}
	return ""
}

// eventsOf returns which events the subscription gets.
func eventsOf(s *subscription) string {
	text := "all"
	if len(s.Types) > 0 {
		types := make([]string, len(s.Types))
		for i, t := range s.Types {
			types[i] = terminal.ShowType(t)
		}
		text = strings.Join(types, " ")
	}
	if s.Workspace != nil {
		text += " of workspace " + *s.Workspace
	}
	return text
}

// destinationOf returns where the events go.
func destinationOf(s *subscription) string {
	if s.Connection != nil {
		return s.Connection.Stream + " " + s.Connection.Consumer
	}
	return terminal.Plain(terminal.OrEmpty(s.URL))
}

// printSecret prints the secret of a subscription that was made, or whose secret was rotated,
// and nothing else, to standard output. The note goes to standard error. With --format json
// everything is one object on standard output.
func (s *subscriptions) printSecret(cmd *cobra.Command, sub *subscription, note string) error {
	return s.print(cmd, sub, func() error {
		what, how := "secret", "Muster does not show it again"
		if sub.Kind == kindNATS {
			what = "password"
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s Keep its %s: %s.\n", note, what, how)
		if sub.Connection != nil {
			sub.Connection.print(func(field, value string) { fmt.Fprintf(cmd.ErrOrStderr(), "%-18s %s\n", field, value) })
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), sub.Secret)
		return err
	})
}
