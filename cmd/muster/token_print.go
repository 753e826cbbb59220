package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// tokenJSON is what --format json prints of a token. It is a part of what the API shows,
// which can grow without changing what scripts read from here.
type tokenJSON struct {
	ID        domain.TokenID      `json:"id"`
	Name      string              `json:"name"`
	Scopes    domain.Scopes       `json:"scopes"`
	Workspace *domain.WorkspaceID `json:"workspace_id"`
	User      *domain.UserID      `json:"user_id"`
	ExpiresAt *time.Time          `json:"expires_at"`
	RevokedAt *time.Time          `json:"revoked_at"`
	CreatedAt time.Time           `json:"created_at"`
	// FormerUntil is null for a token that was never rotated.
	FormerUntil *time.Time `json:"former_secret_expires_at"`
	Secret      string     `json:"secret,omitempty"` // only of a token just issued or rotated
}

func printedToken(t *client.Token, secret *string) tokenJSON {
	return tokenJSON{
		t.ID, t.Name, t.Scopes, t.Workspace, t.User,
		timeOrNil(t.ExpiresAt), timeOrNil(t.RevokedAt), time.Time(t.CreatedAt),
		timeOrNil(t.FormerUntil), terminal.OrEmpty(secret),
	}
}

// printSecret prints the secret of a token that was issued or rotated, and nothing else, to
// standard output. The note goes to standard error. With --format json everything is one
// object on standard output.
func (t *tokens) printSecret(cmd *cobra.Command, issued *client.IssuedToken, note string) error {
	if t.format == terminal.FormatJSON {
		return terminal.PrintJSON(cmd.OutOrStdout(), printedToken(&issued.Token, issued.Secret))
	}
	fmt.Fprintln(cmd.ErrOrStderr(), note, "Keep its secret: Muster stores only a hash and cannot show it again.")
	_, err := fmt.Fprintln(cmd.OutOrStdout(), terminal.OrEmpty(issued.Secret))
	return err
}

// listScopes returns a line for each resource, with the actions that a scope can name.
func listScopes() string {
	var b strings.Builder
	for resource, actions := range domain.ScopeActions() {
		fmt.Fprintf(&b, "  %-21s %s\n", resource, strings.Join(actions, ", "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func timeOrNil(t client.Time) *time.Time {
	at := time.Time(t)
	if at.IsZero() {
		return nil
	}
	return &at
}

// printTokens prints a table of tokens.
func printTokens(w io.Writer, all []client.Token) {
	out := terminal.NewTable(w, "id", "name", "scopes", "bound to", "created", "state")
	for i := range all {
		t := &all[i]
		out.AppendRow(terminal.Row{
			t.ID, t.Name, joinScopes(t.Scopes), bondsOf(t), terminal.ShowTime(time.Time(t.CreatedAt)), stateOf(t),
		})
	}
	out.Render()
}

func joinScopes(scopes domain.Scopes) string {
	texts := make([]string, len(scopes))
	for i, scope := range scopes {
		texts[i] = string(scope)
	}
	return strings.Join(texts, " ")
}

// bondsOf returns the workspace and the user that the token is bound to.
func bondsOf(t *client.Token) string {
	var bonds []string
	if t.Workspace != nil {
		bonds = append(bonds, fmt.Sprintf("workspace %s", t.Workspace))
	}
	if t.User != nil {
		bonds = append(bonds, fmt.Sprintf("user %s", t.User))
	}
	return strings.Join(bonds, ", ")
}

// stateOf returns whether the token can be used, and until when.
func stateOf(t *client.Token) string {
	revoked, expires := time.Time(t.RevokedAt), time.Time(t.ExpiresAt)
	switch {
	case !revoked.IsZero():
		return "revoked " + terminal.ShowTime(revoked)
	case expires.IsZero():
		return "valid"
	case expires.Before(time.Now()):
		return "expired " + terminal.ShowTime(expires)
	}
	return "until " + terminal.ShowTime(expires)
}
