package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/domain"
)

// token is a token as the API shows it.
type token struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Scopes      []string   `json:"scopes"`
	WorkspaceID *string    `json:"workspace_id"`
	UserID      *string    `json:"user_id"`
	ExpiresAt   *time.Time `json:"expires_at"`
	RevokedAt   *time.Time `json:"revoked_at"`
	CreatedAt   time.Time  `json:"created_at"`
	// Secret is the token's text, which only the answer to issuing it holds.
	Secret string `json:"secret,omitempty"`
}

// tokenRequest is what issuing a token takes.
type tokenRequest struct {
	Name        string     `json:"name"`
	Scopes      []string   `json:"scopes"`
	WorkspaceID string     `json:"workspace_id,omitempty"`
	UserID      string     `json:"user_id,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
}

// tokens are the flags that all commands about tokens have.
type tokens struct {
	client
	organization domain.OrganizationID
	format       string
}

func newToken() *cobra.Command {
	return group(&cobra.Command{
		Use: "token", Short: "Issue, list and revoke tokens of a running service",
		Long: "Token talks to a running service: with the token that it is given, or with the root\n" +
			"token that the service's data directory keeps.",
	}, newTokenIssue(), newTokenList(), newTokenRevoke())
}

func (t *tokens) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	t.client.flags(f)
	t.credentials(f)
	f.Var(newParsed(&t.organization, "id", domain.ParseID), "organization", "the organization")
	_ = cmd.MarkFlagRequired("organization")
}

func (t *tokens) formatFlag(cmd *cobra.Command) {
	t.format = formatTable
	cmd.Flags().Var(oneOf(&t.format, formatTable, formatJSON), "format", "how to print the answer")
}

const formatTable = "table"

func (t *tokens) path() string { return "/v1/organizations/" + t.organization.String() + "/tokens" }

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
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			if err := t.authorize(); err != nil {
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
			var issued token
			if err := t.call(cmd.Context(), http.MethodPost, t.path(), asked, &issued); err != nil {
				return err
			}
			if t.format == formatJSON {
				return printJSON(cmd.OutOrStdout(), issued)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nThis is token %s. Keep its text: only a hash of it is stored, and it is not shown again.\n", issued.Secret, issued.ID)
			return err
		}),
	}
	t.flags(cmd)
	t.formatFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&asked.Name, "name", "", "what the token is for")
	f.StringSliceVar(&asked.Scopes, "scope", nil, "what the token may do, as resource:action; may be given more than once")
	f.Var(newParsed(&workspace, "id", domain.ParseID), "workspace", "bind the token to a workspace")
	f.Var(newParsed(&user, "id", domain.ParseID), "user", "bind the token to a user, whose role decides")
	f.Var(newParsed(&expires, "time", parseTime), "expires-at", "when the token ends, like 2027-01-31 or 2027-01-31T12:00:00Z")
	_ = cmd.MarkFlagRequired("name")
	_ = cmd.MarkFlagRequired("scope")
	return cmd
}

func newTokenList() *cobra.Command {
	var t tokens
	cmd := &cobra.Command{
		Use: "list", Short: "List an organization's tokens, revoked ones included",
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			if err := t.authorize(); err != nil {
				return err
			}
			all := []token{}
			for cursor := ""; ; {
				var page struct {
					Items []token `json:"items"`
					Next  *string `json:"next_cursor"`
				}
				if err := t.call(cmd.Context(), http.MethodGet, t.path()+"?page_size=200"+cursor, nil, &page); err != nil {
					return err
				}
				all = append(all, page.Items...)
				if page.Next == nil {
					break
				}
				cursor = "&cursor=" + url.QueryEscape(*page.Next)
			}
			if t.format == formatJSON {
				return printJSON(cmd.OutOrStdout(), all)
			}
			printTokens(cmd.OutOrStdout(), all)
			return nil
		}),
	}
	t.flags(cmd)
	t.formatFlag(cmd)
	return cmd
}

func printTokens(w io.Writer, all []token) {
	out := newTable(w, "id", "name", "scopes", "bound to", "created", "state")
	for _, t := range all {
		var bonds []string
		if t.WorkspaceID != nil {
			bonds = append(bonds, "workspace "+*t.WorkspaceID)
		}
		if t.UserID != nil {
			bonds = append(bonds, "user "+*t.UserID)
		}
		state := "valid"
		switch {
		case t.RevokedAt != nil:
			state = "revoked " + showTime(*t.RevokedAt)
		case t.ExpiresAt != nil && t.ExpiresAt.Before(time.Now()):
			state = "expired " + showTime(*t.ExpiresAt)
		case t.ExpiresAt != nil:
			state = "until " + showTime(*t.ExpiresAt)
		}
		out.AppendRow(table.Row{t.ID, t.Name, strings.Join(t.Scopes, " "), strings.Join(bonds, ", "), showTime(t.CreatedAt), state})
	}
	out.Render()
}

func newTokenRevoke() *cobra.Command {
	var t tokens
	cmd := &cobra.Command{
		Use: "revoke TOKEN_ID", Short: "Make a token open nothing any more",
		Args: cobra.ExactArgs(1),
		RunE: action(func(cmd *cobra.Command, arguments []string) error {
			id, err := domain.ParseID[struct{}](arguments[0])
			if err != nil {
				return usage("TOKEN_ID: %w", err)
			}
			if err := t.authorize(); err != nil {
				return err
			}
			if err := t.call(cmd.Context(), http.MethodDelete, t.path()+"/"+id.String(), nil, nil); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Token %s opens nothing any more.\n", id)
			return err
		}),
	}
	t.flags(cmd)
	return cmd
}
