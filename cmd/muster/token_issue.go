package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
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
		Use: "issue", Short: "Issue a token; its secret is shown only this once",
		Long: "Issue makes a token. Its secret alone goes to standard output, so that a shell can take\n" +
			"it. Everything else goes to standard error. With --format json one object with the\n" +
			"secret in it goes to standard output.\n\n" +
			"A scope is RESOURCE:ACTION, and all on either side is everything. The resources and\n" +
			"their actions:\n\n" + listScopes(),
		Example: "  TOKEN=$(muster token issue --organization ORG --name billing --scope access:read,events:read)\n" +
			"  muster token issue --organization ORG --name audit --scope all:read --expires-at 2027-01-31",
		Args: cobra.NoArgs,
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
			return t.printSecret(cmd, &issued, fmt.Sprintf("Issued token %s.", issued.ID))
		}),
	}
	t.flags(cmd)
	t.formatFlag(cmd)
	f := cmd.Flags()
	f.Var(terminal.NotEmpty(&asked.Name), "name", "what the token is for")
	f.Var(scopes{&asked.Scopes}, "scope", "scopes of the token, separated by commas; may be repeated")
	f.Var(terminal.NewParsed(&workspace, "id", terminal.ParseID), "workspace", "bind the token to a workspace")
	f.Var(terminal.NewParsed(&user, "id", terminal.ParseID), "user", "bind the token to a user; the user's role then decides what it may do")
	f.Var(terminal.NewParsed(&expires, "time", terminal.ParseTime), "expires-at", "when the token expires: a time like 2027-01-31T12:00:00Z, or a day, which is its beginning in UTC")
	_ = cmd.MarkFlagRequired("name")
	_ = cmd.MarkFlagRequired("scope")
	return cmd
}

// scopes is the flag for the scopes of a token. Each use of the flag adds to them.
type scopes struct{ all *[]string }

func (s scopes) String() string { return strings.Join(*s.all, ",") }
func (s scopes) Type() string   { return "scopes" }

func (s scopes) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			return errors.New("scopes like access:read are expected, separated by commas")
		}
		*s.all = append(*s.all, one)
	}
	return nil
}
