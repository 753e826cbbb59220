// Package terminal is what the commands of muster share where they meet the person
// or script that runs them: flags, which can also be set by variables of the
// environment, tables and JSON on standard output, logs and progress on standard
// error, and exit statuses.
//
//	cmd := &cobra.Command{
//		Use: "list", Args: cobra.NoArgs,
//		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
//			table := terminal.NewTable(cmd.OutOrStdout(), "id", "name")
//			…
//		}),
//	}
//	cmd.Flags().Var(terminal.NotEmpty(&role), "role", "role of new members")
//	terminal.InEnvironment(cmd.Flags(), "role") // MUSTER_ROLE
package terminal
