package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

func newReady() *cobra.Command {
	var c client.Client
	cmd := &cobra.Command{
		Use: "ready", Short: "Ask a running service whether it is ready",
		Long: "Ready asks a running service whether it has caught up and can write. It is meant for\n" +
			"health checks where there is no curl. It exits with 0 if the service is ready, else with 1.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if err := c.Call(cmd.Context(), http.MethodGet, "/readyz", nil, nil); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "ready")
			return err
		}),
	}
	c.Flags(cmd.Flags())
	return cmd
}
