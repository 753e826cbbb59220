package main

import (
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// tokens is what all commands about tokens have in common.
type tokens struct {
	client.Client
	organization domain.OrganizationID
	format       string
}

func newToken() *cobra.Command {
	return terminal.Group(&cobra.Command{
		Use: "token", Short: "Issue, list, rotate and revoke tokens of a running service",
		Long: "Token talks to a running service. It uses the token that it is given (--token), or the\n" +
			"root token in the service's data directory (--data).",
	}, newTokenIssue(), newTokenList(), newTokenRotate(), newTokenRevoke())
}

// flags defines the flags that all commands about tokens have.
func (t *tokens) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	t.Flags(f)
	t.TokenFlags(f)
	f.Var(terminal.NewParsed(&t.organization, "id", terminal.ParseID), "organization", "the organization")
	_ = cmd.MarkFlagRequired("organization")
}

// tokenID parses the argument that names a token.
func tokenID(argument string) (id domain.TokenID, err error) {
	if err := terminal.NewParsed(&id, "id", terminal.ParseID).Set(argument); err != nil {
		return id, terminal.Usage("TOKEN_ID: %w", err)
	}
	return id, nil
}

// formatFlag defines the flag of the commands that print tokens.
func (t *tokens) formatFlag(cmd *cobra.Command) {
	t.format = terminal.FormatTable
	cmd.Flags().Var(terminal.OneOf(&t.format, terminal.FormatTable, terminal.FormatJSON), "format", "how to print the answer")
}

// path returns the path of the organization's tokens.
func (t *tokens) path() string { return "/v1/organizations/" + t.organization.String() + "/tokens" }
