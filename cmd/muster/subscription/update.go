package subscription

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

func newUpdate() *cobra.Command {
	var s subscriptions
	var t termFlags
	var everyType, everyWorkspace bool
	cmd := s.shown(&cobra.Command{
		Use: "update", Short: "Change a subscription",
		Long: "Update changes what is given and leaves the rest. --type replaces all types. The place in\n" +
			"history stays: see muster subscription rewind.",
		Example: "  muster subscription update billing --organization ORG --endpoint https://billing.example.com/v2/muster\n" +
			"  muster subscription update billing --organization ORG --all-types --batch 100",
	}, func(cmd *cobra.Command, which chosen) error {
		said := t.given()
		if everyType {
			said["types"] = []string{}
		}
		if everyWorkspace {
			said["workspace_id"] = nil
		}
		if len(said) == 0 {
			return terminal.Usage("nothing is to be changed: give what to change, such as --endpoint")
		}
		sub, err := s.send(cmd.Context(), http.MethodPatch, which, "", said)
		if err != nil {
			return err
		}
		return s.print(cmd, &sub, func() error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "Subscription %s is changed.\n", which.text)
			return err
		})
	})
	t.flags(cmd, includeProfile, includeNone)
	f := cmd.Flags()
	f.BoolVar(&everyType, "all-types", false, "events of all types")
	f.BoolVar(&everyWorkspace, "all-workspaces", false, "events about all workspaces")
	cmd.MarkFlagsMutuallyExclusive("type", "all-types")
	cmd.MarkFlagsMutuallyExclusive("workspace", "all-workspaces")
	return cmd
}
