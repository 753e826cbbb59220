package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/secret"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// Show prints what is in the demo and how to look at it. It makes the demo's tokens
// through the client if there are none yet. It prints nothing if the node's log has
// other content.
func Show(ctx context.Context, n *node.Node, w io.Writer, c *client.Client) error {
	o, err := n.Models.Organization(organization)
	if errors.Is(err, projections.ErrNotFound) {
		return nil // Fill has logged why
	}
	if err != nil {
		return err
	}
	tokens, err := readTokens(ctx, filepath.Join(n.Data, file), c)
	if err != nil {
		return fmt.Errorf("the demo's tokens: %w", err)
	}
	fmt.Fprintf(w, "%s, organization %s, with five months of history\n\n", o.Name, o.ID)
	if err := errors.Join(showWorkspaces(ctx, n, w), showPeople(ctx, n, w)); err != nil {
		return err
	}
	out := terminal.NewTable(w, "token", "of")
	out.AppendRows([]terminal.Row{
		{tokens.Organization, "the organization"},
		{tokens.User, terminal.FullName(people[kwame]) + ", whose role decides"},
		{"see " + filepath.Join(n.Data, secret.RootFile), "the operator, who may do everything"},
	})
	out.Render()
	fmt.Fprint(w, "\nLook at it:\n\n")
	for _, line := range curlLines(c.URL, tokens.Organization) {
		fmt.Fprintln(w, line)
	}
	_, err = fmt.Fprintf(w, "\nEverything else: %s/docs\n\n", c.URL)
	return err
}

// curlLines returns three requests that can be pasted into a shell: who are the members,
// who has access and why, and may this person do that?
func curlLines(url, token string) []string {
	curl := "curl -H 'Authorization: Bearer " + token + "' "
	check := fmt.Sprintf(`{"user_id": "%s", "workspace_id": "%s", "permission": "%s"}`,
		userID(tomas), workspaceID(relaunch), domain.PermissionMembersManage)
	return []string{
		curl + url + "/v1/workspaces/" + workspaceID(relaunch).String() + "/members",
		curl + url + "/v1/workspaces/" + workspaceID(app).String() + "/access",
		curl + "-H 'Content-Type: application/json' -d '" + check + "' " + url + "/v1/access/check",
	}
}

func showWorkspaces(ctx context.Context, n *node.Node, w io.Writer) error {
	out := terminal.NewTable(w, "workspace", "id", "members", "with access", "")
	for _, name := range workspaces {
		ws, err := n.Models.Workspace(workspaceID(name))
		if err != nil {
			return err
		}
		found, err := n.Models.FindWorkspace(ws.ID)
		if err != nil {
			return err
		}
		page := projections.Page{Size: projections.MaxPageSize}
		members, err := n.Models.Members(ctx, found, projections.MemberFilter{}, n.Clock.Now(), page)
		if err != nil {
			return err
		}
		access, err := n.Models.AccessList(ctx, found, projections.AccessFilter{}, n.Clock.Now(), page)
		if err != nil {
			return err
		}
		state := ""
		if !ws.ArchivedAt.IsZero() {
			state = "archived"
		}
		out.AppendRow(terminal.Row{ws.Name, ws.ID, len(members.Items), len(access.Items), state})
	}
	out.Render()
	_, err := fmt.Fprintln(w)
	return err
}

func showPeople(ctx context.Context, n *node.Node, w io.Writer) error {
	users, err := n.Models.Users(ctx, organization, projections.UserFilter{}, projections.Page{Size: projections.MaxPageSize})
	if err != nil {
		return err
	}
	out := terminal.NewTable(w, "person", "user id", "e-mail", "in the organization")
	for _, p := range users.Items {
		var role domain.OrganizationRole
		if member, err := n.Models.OrganizationMember(organization, p.User); err == nil {
			role = member.Role
		} else if !errors.Is(err, projections.ErrNotFound) {
			return err
		}
		out.AppendRow(terminal.Row{terminal.FullName(p.Name), p.User, p.Email, role})
	}
	out.Render()
	_, err = fmt.Fprintln(w)
	return err
}
