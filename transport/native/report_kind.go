package native

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
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
	at, err := instantOf(c, in.Organization, "query.as_of", in.AsOf)
	if err != nil {
		return nil, err
	}
	q, err := asOf(c, in.Organization, at)
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
	r.query.Set("as_of", at.text(in.AsOf))
	names := workspaceNames{q, map[domain.WorkspaceID]string{}}
	r.each = func(yield func(...string) error) error {
		var after projections.AccessPlace
		for {
			page, err := q.AccessAfter(c, in.Organization, in.Workspace, at.at, after, reportPage)
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

// text returns the moment as a parameter that names the same moment for ever. A time stays a
// time, because what ends by the clock is judged by it.
func (at instant) text(sent string) string {
	if looksLikePosition(sent) {
		return sent
	}
	return cellTime(at.at)
}

// yieldGrants yields a row for each grant of the access.
func yieldGrants(a *projections.Access, names *workspaceNames, yield func(...string) error) error {
	if len(names.known) > 1000 {
		clear(names.known)
	}
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

// changeKinds say what an event does to somebody's access.
var changeKinds = map[string]string{
	"muster.member.added": "joiner", "muster.member.invited": "joiner", "muster.member.accepted": "joiner", "muster.member.reinstated": "joiner",
	"muster.member.role_changed": "mover", "muster.member.permissions_changed": "mover", "muster.member.expiry_changed": "mover",
	"muster.member.suspended": "leaver", "muster.member.removed": "leaver", "muster.member.left": "leaver", "muster.member.expired": "leaver",
	"muster.organization.member_added": "joiner", "muster.organization.member_reinstated": "joiner",
	"muster.organization.member_role_changed": "mover",
	"muster.organization.member_suspended":    "leaver", "muster.organization.member_removed": "leaver",
}

// reportChanges reports whose access began, changed or ended in a period: a row for each event
// that says so.
func reportChanges(c *transport.Call, in *reportInput) (*report, error) {
	if in.From == "" {
		return nil, transport.InvalidField("query.from", transport.CodeRequired, "the beginning of the period is needed")
	}
	from, err := instantOf(c, in.Organization, "query.from", in.From)
	if err != nil {
		return nil, err
	}
	to, err := instantOf(c, in.Organization, "query.to", in.To)
	if err != nil {
		return nil, err
	}
	q, err := asOf(c, in.Organization, to)
	if err != nil {
		return nil, err
	}
	if err := c.AwaitVisible(to.Partition); err != nil {
		return nil, err
	}
	r := &report{
		title: "Joiners, movers and leavers", at: to, query: url.Values{},
		columns: []string{"time", "position", "event_id", "kind", "change", "workspace_id", "workspace", "user_id", "email", "name", "from", "to", "by", "on_behalf_of", "reason"},
	}
	r.query.Set("from", from.String())
	if from.Number == 0 { // before the first event
		r.query.Set("from", cellTime(from.at))
	}
	r.query.Set("to", to.String())
	filter := feed.Filter{Organization: in.Organization, Workspace: in.Workspace}
	for name := range changeKinds {
		filter.Types = append(filter.Types, name)
	}
	slices.Sort(filter.Types)
	people := changedPeople{c: c, q: q, in: in, names: workspaceNames{q, map[domain.WorkspaceID]string{}}}
	r.each = func(yield func(...string) error) error {
		for after := from.Number; after < to.Number; {
			found, next, err := c.Log().Events(c, filter, after, reportPage)
			if err != nil {
				return err
			}
			for i := range found {
				if found[i].Number > to.Number {
					return nil
				}
				cells, err := people.cells(wire.Position{Partition: to.Partition, Number: found[i].Number}, found[i].Stored)
				if err != nil {
					return err
				}
				if err := yield(cells...); err != nil {
					return err
				}
			}
			if next <= after {
				return nil
			}
			after = next
		}
		return nil
	}
	return r, nil
}

// changedPeople shows events with the names of workspaces and people.
type changedPeople struct {
	c     *transport.Call
	q     *projections.Queries
	in    *reportInput
	names workspaceNames
}

func (p *changedPeople) cells(at wire.Position, stored []byte) ([]string, error) {
	var e struct {
		ID, Type, Time string
		Workspace      string `json:"workspaceid"`
		User           string `json:"userid"`
		By             string `json:"authid"`
		OnBehalfOf     string `json:"onbehalfof"`
		Reason         string
		Data           map[string]json.RawMessage
	}
	if err := json.Unmarshal(stored, &e); err != nil {
		return nil, err
	}
	workspace, email, name := "", "", ""
	if ws, err := domain.ParseID[struct{}](e.Workspace); err == nil {
		if len(p.names.known) > 1000 {
			clear(p.names.known)
		}
		if workspace, err = p.names.of(domain.WorkspaceID(ws)); err != nil {
			return nil, err
		}
	}
	if user, err := domain.ParseID[struct{}](e.User); err == nil {
		if profile, err := p.q.User(p.in.Organization, domain.UserID(user)); err == nil {
			email, name = cellProfile(&profile)
		}
	}
	from, to := changeOf(e.Data)
	return []string{e.Time, at.String(), e.ID, changeKinds[e.Type], cellChange(e.Type), e.Workspace, workspace, e.User, email, name, from, to, e.By, e.OnBehalfOf, e.Reason}, nil
}

// changeOf returns what was before and after, as far as the data of an event says so.
func changeOf(data map[string]json.RawMessage) (from, to string) {
	for _, field := range []string{"role", "permissions", "expires_at"} {
		value, ok := data[field]
		if !ok {
			continue
		}
		var change struct{ From, To json.RawMessage }
		if json.Unmarshal(value, &change) == nil && change.To != nil {
			return plain(change.From), plain(change.To)
		}
		return "", plain(value)
	}
	return "", ""
}

// plain returns a JSON value for people: a string without its quotation marks.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
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
	at := instant{wire.Position{Partition: c.Log().Partition(in.Organization), Number: found.AsOf}, found.At}
	r := &report{
		title: "Access review: " + found.Name, at: at, query: url.Values{"review_id": {in.Review.String()}},
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
	if len(names.known) > 1000 {
		clear(names.known)
	}
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
