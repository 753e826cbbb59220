package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func newReady() *cobra.Command {
	var c client
	cmd := &cobra.Command{
		Use: "ready", Short: "Ask a running service whether it is ready",
		Long: "Ready asks a running service whether it has caught up and can write, for health\n" +
			"checks where there is no curl. It exits with 0 when it is, and with 1 when it is not.",
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			if err := c.call(cmd.Context(), http.MethodGet, "/readyz", nil, nil); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "ready")
			return err
		}),
	}
	c.flags(cmd.Flags())
	return cmd
}
