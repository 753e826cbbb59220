package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/shown"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// revert is one run of the command.
type revert struct {
	client.Client
	organization domain.OrganizationID
	reason       string
	dry, yes     bool
	format       string
}

func newRevert() *cobra.Command {
	r := revert{format: terminal.FormatTable}
	cmd := &cobra.Command{
		Use: "revert EVENT", Short: "Undo what an event has changed, on a running service",
		Long: "Revert undoes what one event has changed. EVENT is its id or its position. Nothing is taken\n" +
			"out of the log: the service makes the opposite change, and the new event names the reverted\n" +
			"one as its cause.\n\n" +
			"It first shows what would be done, and then asks. With --yes it does not ask, and with\n" +
			"--dry-run it stops there. It is refused if another event has changed the same thing since,\n" +
			"or if the event has no opposite.\n\n" +
			"It uses the token that it is given (--token), or the root token in the service's data\n" +
			"directory (--data). The token needs the scope of the change back, such as\n" +
			"workspace_members:delete to undo that a member was added.",
		Example: "  muster audit revert 3-1042 --reason \"a slip\"\n" +
			"  muster audit revert 01KHQ3M6Z8V2N4T7X9B1C3D5F7 --yes --format json",
		Args: terminal.OneArgument("EVENT"),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error {
			if r.dry && r.yes {
				return terminal.Usage("say either --dry-run or --yes")
			}
			if err := r.Authorize(); err != nil {
				return err
			}
			return r.run(cmd, arguments[0])
		}),
	}
	f := cmd.Flags()
	r.Flags(f)
	r.TokenFlags(f)
	f.Var(terminal.NewParsed(&r.organization, "id", terminal.ParseID), "organization", "the organization; by default the one that the token belongs to")
	f.Var(terminal.NewText(&r.reason, "string", checkReason), "reason", "why, in one line; kept in the new event")
	f.Var(terminal.NewToggle(&r.dry), "dry-run", "show what would be done, and do nothing")
	f.Var(terminal.NewToggle(&r.yes), "yes", "do it without asking")
	for _, name := range []string{"dry-run", "yes"} {
		f.Lookup(name).NoOptDefVal = "true"
	}
	f.Var(terminal.OneOf(&r.format, terminal.FormatTable, terminal.FormatJSON), "format", "how to print; json is the service's response")
	return cmd
}

// checkReason refuses a reason that the service would refuse.
func checkReason(text string) error {
	if text == "" {
		return errors.New("a text is expected")
	}
	if invalid, ok := errors.AsType[*domain.InvalidError](domain.CheckReason("", text)); ok {
		return errors.New(invalid.Detail)
	}
	return nil
}

// reversal is the service's response.
type reversal struct {
	Reverted json.RawMessage   `json:"reverted"`
	Events   []json.RawMessage `json:"events"`
}

func (r *revert) run(cmd *cobra.Command, event string) (err error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	if r.organization.IsZero() {
		if r.organization, err = r.OwnOrganization(ctx); err != nil {
			return err
		}
	}
	if event, err = r.find(ctx, event); err != nil {
		return err
	}
	key := uuid.NewString()
	tried, err := r.send(ctx, event, key, "?validate_only=true")
	if err != nil {
		return err
	}
	if r.dry && r.format == terminal.FormatJSON {
		return r.print(ctx, out, tried, "")
	}
	told := out // what is done comes after it
	if r.format == terminal.FormatJSON {
		told = cmd.ErrOrStderr()
	}
	if err := r.show(ctx, told, tried, "would write"); err != nil || r.dry {
		return err
	}
	if !r.yes {
		switch yes, asked := terminal.Ask(cmd.InOrStdin(), cmd.ErrOrStderr(), "Revert it?"); {
		case !asked:
			return terminal.Usage("nothing was done: say --yes to do it")
		case !yes:
			return fmt.Errorf("nothing was done")
		}
	}
	done, err := r.send(ctx, event, key, "")
	if err != nil {
		return err
	}
	return r.print(ctx, out, done, "wrote")
}

// find returns the id of the event that the argument names by its id or its position.
func (r *revert) find(ctx context.Context, argument string) (string, error) {
	at, err := wire.ParsePosition(argument)
	if err != nil || at.Number == 0 {
		if id, err := ulid.ParseStrict(argument); err == nil {
			return id.String(), nil
		}
		return "", terminal.Usage("EVENT: %s is neither an event's id, like 01KHQ3M6Z8V2N4T7X9B1C3D5F7, nor a position like 3-1042", argument)
	}
	before := at
	before.Number--
	var found struct {
		Items []struct {
			ID       string        `json:"id"`
			Sequence wire.Position `json:"sequence"`
		} `json:"items"`
	}
	path := r.path("?page_size=1&after=" + url.QueryEscape(before.String()))
	if err := client.Retrying(ctx, func() error { return r.Call(ctx, http.MethodGet, path, nil, &found) }); err != nil {
		return "", err
	}
	if len(found.Items) == 0 || found.Items[0].Sequence != at {
		return "", fmt.Errorf("the organization has no event at %s", at)
	}
	return found.Items[0].ID, nil
}

func (r *revert) path(more string) string {
	return "/v1/organizations/" + r.organization.String() + "/events" + more
}

// send asks the service to revert the event. With the same key it is done once, however often
// it is asked for.
func (r *revert) send(ctx context.Context, event, key, query string) (done reversal, err error) {
	headers := map[string]string{"Idempotency-Key": key}
	if r.reason != "" {
		headers["Muster-Reason"] = r.reason
	}
	err = client.Retrying(ctx, func() error {
		return r.CallWith(ctx, http.MethodPost, r.path("/"+event+"/revert"+query), headers, nil, &done)
	})
	return done, err
}

// print prints what was done in the format that was asked for.
func (r *revert) print(ctx context.Context, out io.Writer, done reversal, verb string) error {
	if r.format == terminal.FormatJSON {
		return terminal.PrintJSON(out, done)
	}
	lines := r.lines(out)
	return printEvents(ctx, lines, out, verb, done.Events)
}

// show prints the event and what undoes it.
func (r *revert) show(ctx context.Context, out io.Writer, tried reversal, verb string) error {
	lines := r.lines(out)
	if err := printEvents(ctx, lines, out, "reverts", []json.RawMessage{tried.Reverted}); err != nil {
		return err
	}
	return printEvents(ctx, lines, out, verb, tried.Events)
}

func (r *revert) lines(out io.Writer) *shown.Lines {
	return &shown.Lines{Out: out, Names: shown.NewNames(&r.Client, r.organization)}
}

// printEvents prints each event in a line, after a word.
func printEvents(ctx context.Context, lines *shown.Lines, out io.Writer, word string, events []json.RawMessage) error {
	for _, text := range events {
		var e shown.Event
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("this is not an event of Muster: %.200s", text)
		}
		fmt.Fprintf(out, "%-12s", word)
		if err := lines.Print(ctx, &e); err != nil {
			return err
		}
	}
	return nil
}
