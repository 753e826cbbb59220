package native

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// hasWord reports whether the word is among those of the list.
func hasWord(list, word string) bool { return slices.Contains(strings.Fields(list), word) }

// reportPage is how much access a report reads at once.
const reportPage = 500

// reportAccess reports who had access to what: a row for each grant. For privileged it is the
// grants of those whose access is privileged.
func reportAccess(c *transport.Call, in *reportInput) (*report, error) {
	at, err := c.Moment(in.Organization, "query.as_of", in.AsOf)
	if err != nil {
		return nil, err
	}
	q, err := c.QueriesAt(in.Organization, at)
	if err == nil && !in.Workspace.IsZero() {
		_, err = q.FindWorkspace(in.Workspace) // before anything is written
	}
	if err != nil {
		return nil, err
	}
	r := &report{
		title: "Who had access", at: at, query: url.Values{},
		columns: []string{"workspace_id", "workspace", "user_id", "email", "name", "source", "role", "level", "permissions", "since", "event_id"},
	}
	if in.Kind == "privileged" {
		r.title = "Who had privileged access"
	}
	r.query.Set("as_of", transport.MomentText(at))
	names := workspaceNames{q, map[domain.WorkspaceID]string{}}
	r.each = func(yield func(...string) error) error {
		var after projections.AccessPlace
		for {
			if c.Stopping() {
				return context.Canceled
			}
			page, err := q.AccessAfter(c, in.Organization, in.Workspace, at.Time, after, reportPage)
			if err != nil {
				return err
			}
			for i := range page {
				a := &page[i].Access
				after = page[i].Place
				if in.Kind == "privileged" && !privileged(a) {
					continue
				}
				if err := yieldGrants(a, &names, yield); err != nil {
					return err
				}
			}
			if len(page) < reportPage {
				return nil
			}
		}
	}
	return r, nil
}

// yieldGrants yields a row for each grant of the access.
func yieldGrants(a *projections.Access, names *workspaceNames, yield func(...string) error) error {
	workspace, err := names.of(a.Workspace)
	if err != nil {
		return err
	}
	email, name := cellProfile(a.Profile)
	for i := range a.Grants {
		g := &a.Grants[i]
		if err := yield(a.Workspace.String(), workspace, a.User.String(), email, name, string(g.Source), string(g.Role.Key), cellLevel(g.Role.Level),
			joinPermissions(g.Permissions), cellTime(g.Since), g.Event.String()); err != nil {
			return err
		}
	}
	return nil
}

func joinPermissions(list []domain.Permission) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = string(p)
	}
	return strings.Join(texts, " ")
}

// privileged reports whether the access has the level of an admin, or a permission that
// admins or owners have and editors do not.
func privileged(a *projections.Access) bool {
	return a.Role.Level >= domain.LevelManage || slices.ContainsFunc(a.Permissions, func(p domain.Permission) bool { return slices.Contains(dangerous, p) })
}

// dangerous are the permissions of built-in admins and owners that editors do not have.
var dangerous = dangerousPermissions()

func dangerousPermissions() (list []domain.Permission) {
	editor, _ := domain.BuiltInRole(domain.RoleEditor)
	for _, key := range []domain.RoleKey{domain.RoleOwner, domain.RoleAdmin} {
		role, _ := domain.BuiltInRole(key)
		for _, p := range role.Permissions {
			if !slices.Contains(editor.Permissions, p) && !slices.Contains(list, p) {
				list = append(list, p)
			}
		}
	}
	return list
}

// reportReview reports the rows of an access review with what was decided.
func reportReview(c *transport.Call, in *reportInput) (*report, error) {
	if in.Review.IsZero() {
		return nil, transport.InvalidField("query.review_id", transport.CodeRequired, "the review is needed")
	}
	found, err := findReview(c, ReviewPath{in.OrganizationPath, in.Review})
	if err != nil {
		return nil, err
	}
	q, err := reviewed(c, &found)
	if err != nil {
		return nil, err
	}
	r := &report{
		title: "Access review: " + found.Name, at: reviewedAt(c, &found), last: found.Version, query: url.Values{"review_id": {in.Review.String()}},
		columns: []string{"workspace_id", "workspace", "user_id", "email", "name", "role", "level", "sources", "decision", "decided_by", "decided_at", "reason", "event_id"},
	}
	names := workspaceNames{q, map[domain.WorkspaceID]string{}}
	r.each = func(yield func(...string) error) error {
		for page := (projections.Page{Size: projections.MaxPageSize}); ; {
			rows, err := c.Models().ReviewRows(c, q, &found, projections.ReviewRowFilter{}, found.At, page)
			if err != nil {
				return err
			}
			for i := range rows.Items {
				if d := rows.Items[i].Decided; d != nil {
					r.last = max(r.last, d.Version)
				}
				cells, err := reviewCells(&rows.Items[i], &names)
				if err != nil {
					return err
				}
				if err := yield(cells...); err != nil {
					return err
				}
			}
			if page.After = rows.Next; page.After == "" {
				return nil
			}
		}
	}
	return r, nil
}

func reviewCells(row *projections.ReviewRow, names *workspaceNames) ([]string, error) {
	a := &row.Access
	workspace, err := names.of(a.Workspace)
	if err != nil {
		return nil, err
	}
	email, name := cellProfile(a.Profile)
	sources := make([]string, len(a.Grants))
	for i := range a.Grants {
		sources[i] = string(a.Grants[i].Source)
	}
	cells := []string{
		a.Workspace.String(), workspace, a.User.String(), email, name, string(a.Role.Key), strconv.Itoa(int(a.Role.Level)), strings.Join(sources, " "),
		"", "", "", "", "",
	}
	if d := row.Decided; d != nil {
		copy(cells[8:], []string{string(d.Decision), d.Reviewer, cellTime(d.UpdatedAt), d.Reason, d.Event.String()})
	}
	return cells, nil
}
