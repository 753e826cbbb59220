package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// tokenRequest is the body of a request for a token.
type tokenRequest struct {
	Name        string     `json:"name"`
	Scopes      []string   `json:"scopes"`
	WorkspaceID string     `json:"workspace_id,omitempty"`
	UserID      string     `json:"user_id,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
}

func newTokenIssue() *cobra.Command {
	var t tokens
	var asked tokenRequest
	var workspace domain.WorkspaceID
	var user domain.UserID
	var expires time.Time
	cmd := &cobra.Command{
		Use: "issue", Short: "Make a token; its text is shown this once",
		Example: "  muster token issue --organization ORG --name billing --scope workspace_members:read --scope events:read",
		Args:    cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if err := t.Authorize(); err != nil {
				return err
			}
			if !workspace.IsZero() {
				asked.WorkspaceID = workspace.String()
			}
			if !user.IsZero() {
				asked.UserID = user.String()
			}
			if !expires.IsZero() {
				asked.ExpiresAt = &expires
			}
			var issued client.IssuedToken
			if err := t.Call(cmd.Context(), http.MethodPost, t.path(), asked, &issued); err != nil {
				return err
			}
			if t.format == terminal.FormatJSON {
				return terminal.PrintJSON(cmd.OutOrStdout(), printedToken(&issued.Token, issued.Secret))
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nThis is token %s. Keep its text: only a hash of it is stored, and it is not shown again.\n", terminal.OrEmpty(issued.Secret), issued.ID)
			return err
		}),
	}
	t.flags(cmd)
	t.formatFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&asked.Name, "name", "", "what the token is for")
	f.StringSliceVar(&asked.Scopes, "scope", nil, "what the token may do, as resource:action; may be given more than once")
	f.Var(terminal.NewParsed(&workspace, "id", domain.ParseID), "workspace", "bind the token to a workspace")
	f.Var(terminal.NewParsed(&user, "id", domain.ParseID), "user", "bind the token to a user, whose role decides")
	f.Var(terminal.NewParsed(&expires, "time", terminal.ParseTime), "expires-at", "when the token ends, like 2027-01-31 or 2027-01-31T12:00:00Z")
	_ = cmd.MarkFlagRequired("name")
	_ = cmd.MarkFlagRequired("scope")
	return cmd
}
