package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// rotateRequest is the body of a request for another secret.
type rotateRequest struct {
	Overlap int64 `json:"overlap_seconds,omitempty"`
}

func newTokenRotate() *cobra.Command {
	var t tokens
	var overlap time.Duration
	cmd := &cobra.Command{
		Use: "rotate TOKEN_ID", Short: "Give a token another secret, which is shown only this once",
		Long: "Rotate gives a token another secret. Id, scopes and expiry stay. The new secret alone goes\n" +
			"to standard output, as with muster token issue. The old secret is no longer valid, unless\n" +
			"--overlap keeps it valid for a while.",
		Example: "  TOKEN=$(muster token rotate TOKEN_ID --organization ORG --overlap 24h)",
		Args:    terminal.OneArgument("TOKEN_ID"),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error {
			id, err := tokenID(arguments[0])
			if err != nil {
				return err
			}
			if err := t.Authorize(); err != nil {
				return err
			}
			var rotated client.IssuedToken
			body := rotateRequest{int64(overlap / time.Second)}
			if err := t.Call(cmd.Context(), http.MethodPost, t.path()+"/"+id.String()+"/rotate", body, &rotated); err != nil {
				return err
			}
			note := fmt.Sprintf("Token %s has another secret. The old one is no longer valid.", id)
			if overlap > 0 {
				note = fmt.Sprintf("Token %s has another secret. The old one is valid until %s.", id, terminal.ShowTime(time.Time(rotated.FormerUntil)))
			}
			return t.printSecret(cmd, &rotated, note)
		}),
	}
	t.flags(cmd)
	t.formatFlag(cmd)
	cmd.Flags().Var(terminal.Overlap(&overlap), "overlap", "how long the old secret stays valid, for example 30m or 24h; by default it ends at once")
	return cmd
}
