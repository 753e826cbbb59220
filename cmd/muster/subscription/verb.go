package subscription

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

func newPause() *cobra.Command {
	var s subscriptions
	var body struct {
		Reason string `json:"reason,omitempty"`
	}
	cmd := s.shown(&cobra.Command{
		Use: "pause", Short: "Pause a subscription: it keeps its place, and nothing is delivered",
	}, func(cmd *cobra.Command, which chosen) error {
		return s.do(cmd, which, "pause", body, "is paused, and keeps its place")
	})
	cmd.Flags().Var(terminal.NotEmpty(&body.Reason), "reason", "why, for people")
	return cmd
}

func newResume() *cobra.Command {
	var s subscriptions
	return s.shown(&cobra.Command{
		Use: "resume", Short: "Resume a paused subscription, where it stood",
	}, func(cmd *cobra.Command, which chosen) error {
		return s.do(cmd, which, "resume", nil, "goes on where it stood")
	})
}

func newRewind() *cobra.Command {
	var s subscriptions
	var body struct {
		From string `json:"from"`
	}
	cmd := s.shown(&cobra.Command{
		Use: "rewind", Short: "Move a subscription to another place in history",
		Long: "Rewind has Muster deliver events from a place in history on, also those that were delivered\n" +
			"before. --from latest moves forward instead: the events in between are not delivered.",
		Example: "  muster subscription rewind billing --organization ORG --from 0-1042\n" +
			"  muster subscription rewind billing --organization ORG --from 2026-03-05T23:09:47Z",
	}, func(cmd *cobra.Command, which chosen) error {
		return s.do(cmd, which, "rewind", body, "goes on from "+body.From)
	})
	cmd.Flags().Var(terminal.NotEmpty(&body.From), "from", "the first event: earliest, latest (the next one), a position or a time")
	_ = cmd.MarkFlagRequired("from")
	return cmd
}

func newSkip() *cobra.Command {
	var s subscriptions
	var body struct {
		Position string `json:"position"`
		Reason   string `json:"reason"`
	}
	cmd := s.shown(&cobra.Command{
		Use: "skip", Short: "Skip the next event of a subscription, which its subscriber cannot handle",
		Long: "Skip has Muster not deliver one event: the next one. Its position must be given, so that no\n" +
			"other is skipped by mistake. For a webhook muster subscription deliveries shows it. For a\n" +
			"subscriber on NATS it is the first event after the position of muster subscription get that\n" +
			"the subscription wants: muster events follow --from POSITION shows what comes then. The event\n" +
			"stays in the log, and that it was skipped, and why, is an event too.",
		Example: "  muster subscription skip billing --organization ORG --position 0-1042 --reason 'ticket 4711: unknown currency'",
	}, func(cmd *cobra.Command, which chosen) error {
		return s.do(cmd, which, "skip", body, "goes on without "+body.Position)
	})
	f := cmd.Flags()
	f.Var(terminal.NotEmpty(&body.Position), "position", "position of the event")
	f.Var(terminal.NotEmpty(&body.Reason), "reason", "why")
	_ = cmd.MarkFlagRequired("position")
	_ = cmd.MarkFlagRequired("reason")
	return cmd
}

// do sends a command and prints a sentence: the subscription, and what it does from now on.
func (s *subscriptions) do(cmd *cobra.Command, which chosen, verb string, body any, does string) error {
	sub, err := s.send(cmd.Context(), http.MethodPost, which, verb, body)
	if err != nil {
		return err
	}
	return s.print(cmd, &sub, func() error {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "Subscription %s %s.\n", which.text, does)
		return err
	})
}

func newRotateSecret() *cobra.Command {
	var s subscriptions
	var overlap time.Duration
	cmd := s.shown(&cobra.Command{
		Use: "rotate-secret", Short: "Give a subscription another secret, which is shown only this once",
		Long: "Rotate-secret gives a subscription another secret, or password. The new one alone goes to\n" +
			"standard output. With --overlap a webhook's requests have signatures with both secrets for\n" +
			"a while.",
		Example: "  SECRET=$(muster subscription rotate-secret billing --organization ORG --overlap 24h)",
	}, func(cmd *cobra.Command, which chosen) error {
		body := struct {
			Overlap int64 `json:"overlap_seconds,omitempty"`
		}{int64(overlap / time.Second)}
		rotated, err := s.send(cmd.Context(), http.MethodPost, which, "rotate-secret", body)
		if err != nil {
			return err
		}
		note := fmt.Sprintf("Subscription %s has another secret. The old one is no longer used.", which.text)
		if overlap > 0 {
			note = fmt.Sprintf("Subscription %s has another secret. The old one is used too until %s.", which.text, timeOf(rotated.Former))
		}
		return s.printSecret(cmd, &rotated, note)
	})
	cmd.Flags().Var(terminal.Overlap(&overlap), "overlap", "how long the old secret stays in use, for example 30m or 24h; by default it ends at once")
	return cmd
}

func newDelete() *cobra.Command {
	var s subscriptions
	return s.oneOf(&cobra.Command{
		Use: "delete", Short: "Delete a subscription and its place in history",
	}, func(cmd *cobra.Command, which chosen) error {
		if err := s.Call(cmd.Context(), http.MethodDelete, which.path, nil, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "Subscription %s is deleted.\n", which.text)
		return err
	})
}
