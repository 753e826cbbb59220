package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// demoFile keeps, in the data directory, what a later start prints again: the
// texts of the demo's tokens are stored nowhere else.
const demoFile = "demo.json"

// demoTokens is what the file holds.
type demoTokens struct {
	Organization string `json:"organization_token"`
	User         string `json:"user_token"`
}

// fillDemo writes the demo's history into a log that is empty. Every step carries
// an idempotency key: when an earlier start was cut off, those that it did are not
// done twice.
func (n *node) fillDemo(ctx context.Context) error {
	empty, err := n.empty(ctx)
	if err != nil {
		return err
	}
	if _, err := n.models.Organization(demoOrganization); errors.Is(err, projections.ErrNotFound) && !empty {
		n.logger.Warn("the log is not empty: the demo is left out; give --data a new directory to see it")
		return nil
	} else if err != nil && !errors.Is(err, projections.ErrNotFound) {
		return err
	}
	if _, err := os.Stat(filepath.Join(n.data, demoFile)); err == nil {
		return nil // made, and to be left as people have changed it
	}
	today := n.clock.now().UTC().Truncate(24 * time.Hour)
	defer n.clock.stand(time.Time{})
	for i, s := range demoStory {
		seconds := time.Duration(i*17%60)*time.Second + time.Duration(i*373%1000)*time.Millisecond
		n.clock.stand(today.AddDate(0, 0, -s.days).Add(time.Duration(s.hour)*time.Hour + time.Duration(s.minute)*time.Minute + seconds))
		if _, err := n.log.Run(ctx, s.do(s.meta(i))); err != nil {
			return fmt.Errorf("filling the demo, step %d: %w", i+1, err)
		}
	}
	return nil
}

func (n *node) empty(ctx context.Context) (bool, error) {
	tips, err := n.log.Tips(ctx)
	if err != nil {
		return false, err
	}
	for _, tip := range tips {
		if tip.Number > 0 {
			return false, nil
		}
	}
	return true, nil
}

func (s step) meta(i int) domain.Meta {
	all := domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}
	actor := domain.Actor{Kind: domain.ActorSystem, ID: "root", Credential: all}
	if s.by != "" {
		user := demoUser(s.by)
		actor = domain.Actor{Kind: domain.ActorUser, ID: user.String(), User: user, Credential: all}
	}
	name := fmt.Sprintf("steps/%d", i)
	return domain.Meta{
		ID: domain.CommandID(demoID(name)), Request: sha256.Sum256([]byte(name)),
		Organization: demoOrganization, Actor: actor, Reason: s.reason,
	}
}

// showDemo prints what is in the demo and how to look at it.
func (n *node) showDemo(ctx context.Context, w io.Writer, c *client) error {
	organization, err := n.models.Organization(demoOrganization)
	if errors.Is(err, projections.ErrNotFound) {
		return nil // the log held something else: said before
	}
	if err != nil {
		return err
	}
	tokens, err := n.demoTokens(ctx, c)
	if err != nil {
		return fmt.Errorf("the demo's tokens: %w", err)
	}
	fmt.Fprintf(w, "%s, organization %s, with some months of history\n\n", organization.Name, organization.ID)
	if err := errors.Join(n.showWorkspaces(w), n.showPeople(w)); err != nil {
		return err
	}
	out := newTable(w, "token", "of")
	out.AppendRows([]table.Row{
		{tokens.Organization, "the organization"},
		{tokens.User, fullName(demoPeople[kwame]) + ", whose role decides"},
		{"see " + filepath.Join(n.data, rootTokenFile), "the operator: everything"},
	})
	out.Render()
	fmt.Fprint(w, "\nLook at it:\n\n")
	for _, line := range curlLines(c.url, tokens.Organization) {
		fmt.Fprintln(w, line)
	}
	_, err = fmt.Fprintf(w, "\nEverything else: %s/docs\n\n", c.url)
	return err
}

// curlLines are three requests, to be typed as they stand: who are the members,
// who has access and why, and may this person do that?
func curlLines(url, token string) []string {
	curl := "curl -H 'Authorization: Bearer " + token + "' "
	check := fmt.Sprintf(`{"user_id": "%s", "workspace_id": "%s", "permission": "%s"}`,
		demoUser(tomas), demoWorkspace(relaunch), domain.PermissionMembersManage)
	return []string{
		curl + url + "/v1/workspaces/" + demoWorkspace(relaunch).String() + "/members",
		curl + url + "/v1/workspaces/" + demoWorkspace(app).String() + "/access",
		curl + "-H 'Content-Type: application/json' -d '" + check + "' " + url + "/v1/access/check",
	}
}

func (n *node) showWorkspaces(w io.Writer) error {
	out := newTable(w, "workspace", "id", "members", "with access", "")
	for _, name := range demoWorkspaces {
		ws, err := n.models.Workspace(demoWorkspace(name))
		if err != nil {
			return err
		}
		page := projections.Page{Size: projections.MaxPageSize}
		members, err := n.models.Members(ws.ID, projections.MemberFilter{}, n.clock.now(), page)
		if err != nil {
			return err
		}
		access, err := n.models.AccessList(ws.ID, projections.AccessFilter{}, n.clock.now(), page)
		if err != nil {
			return err
		}
		state := ""
		if !ws.ArchivedAt.IsZero() {
			state = "archived"
		}
		out.AppendRow(table.Row{ws.Name, ws.ID, len(members.Items), len(access.Items), state})
	}
	out.Render()
	_, err := fmt.Fprintln(w)
	return err
}

func (n *node) showPeople(w io.Writer) error {
	people, err := n.models.Users(demoOrganization, projections.UserFilter{}, projections.Page{Size: projections.MaxPageSize})
	if err != nil {
		return err
	}
	out := newTable(w, "person", "user id", "e-mail", "in the organization")
	for _, p := range people.Items {
		var role domain.OrganizationRole
		if member, err := n.models.OrganizationMember(demoOrganization, p.User); err == nil {
			role = member.Role
		} else if !errors.Is(err, projections.ErrNotFound) {
			return err
		}
		out.AppendRow(table.Row{fullName(p.Name), p.User, p.Email, role})
	}
	out.Render()
	_, err = fmt.Fprintln(w)
	return err
}

// demoTokens answers the tokens that an earlier start has made, or makes them, by
// way of the API like everybody.
func (n *node) demoTokens(ctx context.Context, c *client) (tokens demoTokens, err error) {
	path := filepath.Join(n.data, demoFile)
	text, err := os.ReadFile(path)
	if err == nil {
		return tokens, json.Unmarshal(text, &tokens)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return tokens, err
	}
	all := []string{string(domain.ScopeAll)}
	for _, make := range []struct {
		to      *string
		request tokenRequest
	}{
		{&tokens.Organization, tokenRequest{Name: "Demo", Scopes: all}},
		{&tokens.User, tokenRequest{Name: "Demo of " + fullName(demoPeople[kwame]), Scopes: all, UserID: demoUser(kwame).String()}},
	} {
		var issued token
		if err := c.call(ctx, http.MethodPost, "/v1/organizations/"+demoOrganization.String()+"/tokens", make.request, &issued); err != nil {
			return tokens, err
		}
		*make.to = issued.Secret
	}
	text, err = json.MarshalIndent(tokens, "", "  ")
	if err != nil {
		return tokens, err
	}
	return tokens, writePrivate(path, string(text)+"\n")
}
