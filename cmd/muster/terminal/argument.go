package terminal

import (
	"fmt"

	"github.com/spf13/cobra"
)

// OneArgument returns the check for a command with one argument, which has the name in the
// command's usage.
func OneArgument(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, arguments []string) error {
		switch len(arguments) {
		case 0:
			return fmt.Errorf("%s is missing", name)
		case 1:
			return nil
		}
		return fmt.Errorf("one %s is expected, and there are %d", name, len(arguments))
	}
}
