package demo

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/secret"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// file is the name of the file in the data directory that keeps the demo's tokens, so
// that a later start can print them again. They are stored nowhere else.
const file = "demo.json"

// tokens is the content of the file.
type tokens struct {
	Organization string `json:"organization_token"`
	User         string `json:"user_token"`
}

// readTokens returns the tokens that an earlier start has kept at the path. If there
// are none, or if the file is damaged, it issues them through the API and keeps them.
func readTokens(ctx context.Context, path string, c *client.Client) (t tokens, err error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	if err == nil && json.Unmarshal(text, &t) == nil && t.Organization != "" && t.User != "" {
		return t, nil
	}
	if t.Organization, err = issue(ctx, c, map[string]any{"name": "Demo"}); err != nil {
		return t, err
	}
	if t.User, err = issue(ctx, c, map[string]any{"name": "Demo of " + terminal.FullName(people[kwame]), "user_id": userID(kwame)}); err != nil {
		return t, err
	}
	text, err = json.MarshalIndent(t, "", "  ")
	if err != nil {
		return t, err
	}
	return t, store.WriteFile(path, append(text, '\n'), secret.Private)
}

// issue makes a token that may do everything in the demo's organization, and returns
// its secret.
func issue(ctx context.Context, c *client.Client, request map[string]any) (string, error) {
	request["scopes"] = []domain.Scope{domain.ScopeAll}
	var issued client.IssuedToken
	err := c.Call(ctx, http.MethodPost, "/v1/organizations/"+organization.String()+"/tokens", request, &issued)
	return terminal.OrEmpty(issued.Secret), err
}
