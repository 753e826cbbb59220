package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

func newTokenRevoke() *cobra.Command {
	var t tokens
	cmd := &cobra.Command{
		Use: "revoke TOKEN_ID", Short: "Revoke a token: it can no longer be used",
		Args: terminal.OneArgument("TOKEN_ID"),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error {
			id, err := tokenID(arguments[0])
			if err != nil {
				return err
			}
			if err := t.Authorize(); err != nil {
				return err
			}
			if err := t.Call(cmd.Context(), http.MethodDelete, t.path()+"/"+id.String(), nil, nil); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Token %s is revoked.\n", id)
			return err
		}),
	}
	t.flags(cmd)
	return cmd
}
