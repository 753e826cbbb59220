package subscription

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// delivery is what commands read of an attempt to deliver something.
type delivery struct {
	ID       string      `json:"id"`
	At       client.Time `json:"at"`
	Position *string     `json:"position"`
	Last     *string     `json:"last_position"`
	Type     string      `json:"type"`
	Attempt  int         `json:"attempt"`
	Outcome  string      `json:"outcome"`
	Status   *int        `json:"status"`
	Latency  int         `json:"latency_ms"`
	Error    *string     `json:"error"`
	Answer   *string     `json:"answer"`
	Next     client.Time `json:"next_attempt_at"`

	shown json.RawMessage // as the API shows it
}

// UnmarshalJSON keeps what the API shows.
func (d *delivery) UnmarshalJSON(text []byte) error {
	type plain delivery
	if err := json.Unmarshal(text, (*plain)(d)); err != nil {
		return err
	}
	d.shown = append(json.RawMessage(nil), text...)
	return nil
}

// delivered is the outcome of an attempt that the receiver has accepted.
const delivered = "delivered"

func newPing() *cobra.Command {
	var s subscriptions
	return s.shown(&cobra.Command{
		Use: "ping", Short: "Send a test event to a webhook, and print what came of it",
		Long: "Ping sends an event of the type muster.subscription.ping to the webhook, once. It is in no\n" +
			"log and has no position. The exit status is 1 if the webhook does not accept it.",
	}, func(cmd *cobra.Command, which chosen) error {
		var d delivery
		if err := s.Call(cmd.Context(), http.MethodPost, which.path+"/ping", nil, &d); err != nil {
			return err
		}
		if s.format == terminal.FormatJSON {
			if err := terminal.PrintJSON(cmd.OutOrStdout(), d.shown); err != nil {
				return err
			}
		} else {
			out := newDeliveryTable(cmd.OutOrStdout())
			addDelivery(out, &d)
			out.Render()
		}
		if d.Outcome != delivered {
			return fmt.Errorf("the ping was not delivered: %s", whyNot(&d))
		}
		return nil
	})
}

func newDeliveries() *cobra.Command {
	var s subscriptions
	most := 20
	var follow bool
	cmd := s.shown(&cobra.Command{
		Use: "deliveries", Short: "Print the last attempts to deliver a subscription's events",
		Long: "Deliveries prints the last attempts to deliver events to a webhook, the newest last: when,\n" +
			"which event, which attempt it was, what came of it, and when Muster tries again. Muster keeps\n" +
			"the last 500 attempts for 30 days. With --follow it goes on with those that come, until it is\n" +
			"interrupted, and --format json then prints one object a line.",
	}, func(cmd *cobra.Command, which chosen) error {
		last, err := s.deliveries(cmd.Context(), which, most)
		if err != nil {
			return err
		}
		if follow {
			return s.followDeliveries(cmd, which, last)
		}
		if s.format == terminal.FormatJSON {
			shown := make([]any, len(last))
			for i := range last {
				shown[i] = last[i].shown
			}
			return terminal.PrintJSON(cmd.OutOrStdout(), shown)
		}
		out := newDeliveryTable(cmd.OutOrStdout())
		for i := range last {
			addDelivery(out, &last[i])
		}
		out.Render()
		return nil
	})
	f := cmd.Flags()
	f.Var(terminal.NewCount(&most, maxDeliveries), "count", "most attempts to print")
	f.BoolVar(&follow, "follow", false, "go on with the attempts that come")
	return cmd
}

// maxDeliveries is the largest --count.
const maxDeliveries = 500

// largestPage is the largest page that the API returns.
const largestPage = 200

// deliveries returns the last attempts, at most that many, the newest last.
func (s *subscriptions) deliveries(ctx context.Context, which chosen, most int) (last []delivery, err error) {
	q := url.Values{}
	for len(last) < most {
		q.Set("page_size", strconv.Itoa(min(most-len(last), largestPage)))
		var page client.Page[delivery]
		err := client.Retrying(ctx, func() error {
			return s.Call(ctx, http.MethodGet, which.path+"/deliveries?"+q.Encode(), nil, &page)
		})
		if err != nil {
			return nil, err
		}
		if last = append(last, page.Items...); page.NextCursor == nil {
			break
		}
		q.Set("cursor", *page.NextCursor)
	}
	last = last[:min(len(last), most)]
	slices.Reverse(last)
	return last, nil
}

// lookEvery is how often --follow asks for attempts. They are no events, so there is no
// stream of them.
const lookEvery = 2 * time.Second

// followDeliveries prints the attempts, and those that come. An interruption is no error.
func (s *subscriptions) followDeliveries(cmd *cobra.Command, which chosen, last []delivery) error {
	ctx, printed := cmd.Context(), ""
	for {
		for _, d := range after(last, printed) {
			if err := s.printDelivery(cmd.OutOrStdout(), &d); err != nil {
				return err
			}
			printed = d.ID
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
		var err error
		if last, err = s.deliveries(ctx, which, largestPage); ctx.Err() != nil {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// after returns the attempts after the one with the id, or all if it is not among them.
func after(list []delivery, id string) []delivery {
	return list[slices.IndexFunc(list, func(d delivery) bool { return d.ID == id })+1:]
}

// printDelivery prints an attempt in a line.
func (s *subscriptions) printDelivery(w io.Writer, d *delivery) error {
	if s.format == terminal.FormatJSON {
		_, err := fmt.Fprintf(w, "%s\n", d.shown)
		return err
	}
	_, err := fmt.Fprintf(w, "%s  %-9s %-27s %3d  %-9s %5d ms  %s\n",
		timeOf(d.At), positionOf(d), terminal.Plain(terminal.ShowType(d.Type)), d.Attempt, d.Outcome, d.Latency, outcomeOf(d))
	return err
}

func newDeliveryTable(w io.Writer) table.Writer {
	return terminal.NewTable(w, "time", "position", "event", "attempt", "outcome", "ms", "what came", "next attempt")
}

func addDelivery(out table.Writer, d *delivery) {
	out.AppendRow(terminal.Row{
		timeOf(d.At), positionOf(d), terminal.Plain(terminal.ShowType(d.Type)), d.Attempt, d.Outcome, d.Latency, outcomeOf(d), timeOf(d.Next),
	})
}

// positionOf returns the positions of the events that were sent. A ping has none.
func positionOf(d *delivery) string {
	first, last := terminal.OrEmpty(d.Position), terminal.OrEmpty(d.Last)
	if last == "" || last == first {
		return first
	}
	return first + " to " + last
}

// longestResponse is how many characters of a response a table shows.
const longestResponse = 60

// outcomeOf returns why something was not delivered or else the status of the response, and the
// beginning of the response.
func outcomeOf(d *delivery) string {
	text := terminal.Plain(terminal.OrEmpty(d.Error))
	if text == "" && d.Status != nil {
		text = strconv.Itoa(*d.Status)
	}
	said := []rune(terminal.Plain(strings.Join(strings.Fields(terminal.OrEmpty(d.Answer)), " ")))
	if len(said) > longestResponse {
		said = append(said[:longestResponse-1], '…')
	}
	if len(said) > 0 {
		text += fmt.Sprintf(" %q", string(said))
	}
	return text
}

// whyNot returns why something was not delivered.
func whyNot(d *delivery) string {
	if why := outcomeOf(d); why != "" {
		return d.Outcome + ": " + why
	}
	return d.Outcome
}
