package main

import (
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

func newTokenList() *cobra.Command {
	var t tokens
	cmd := &cobra.Command{
		Use: "list", Short: "List an organization's tokens, revoked ones included",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if err := t.Authorize(); err != nil {
				return err
			}
			var all []client.Token
			for page, err := range client.Pages[client.Token](cmd.Context(), &t.Client, t.path()) {
				if err != nil {
					return err
				}
				all = append(all, page...)
			}
			if t.format == terminal.FormatJSON {
				printed := make([]tokenJSON, len(all))
				for i := range all {
					printed[i] = printedToken(&all[i], nil)
				}
				return terminal.PrintJSON(cmd.OutOrStdout(), printed)
			}
			printTokens(cmd.OutOrStdout(), all)
			return nil
		}),
	}
	t.flags(cmd)
	t.formatFlag(cmd)
	return cmd
}
