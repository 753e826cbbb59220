package native

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// What a change does to somebody's access.
const (
	kindJoiner = "joiner"
	kindMover  = "mover"
	kindLeaver = "leaver"
)

// changeKinds say what an event does to somebody's access.
var changeKinds = map[string]string{
	"muster.member.added": kindJoiner, "muster.member.accepted": kindJoiner, "muster.member.reinstated": kindJoiner,
	"muster.member.role_changed": kindMover, "muster.member.permissions_changed": kindMover, "muster.member.expiry_changed": kindMover,
	"muster.member.suspended": kindLeaver, "muster.member.removed": kindLeaver, "muster.member.left": kindLeaver, "muster.member.expired": kindLeaver,
	"muster.organization.member_added": kindJoiner, "muster.organization.member_reinstated": kindJoiner,
	"muster.organization.member_role_changed": kindMover,
	"muster.organization.member_suspended":    kindLeaver, "muster.organization.member_removed": kindLeaver,
	"muster.role.updated": kindMover,
}

// reportChanges reports whose access began, changed or ended in a period: a row for each event
// that says so, or for each user if a role was changed, and then one for each end by the clock
// that no event of the period records. Somebody who was only invited has no access yet.
func reportChanges(c *transport.Call, in *reportInput) (*report, error) {
	if in.From == "" {
		return nil, transport.InvalidField("query.from", transport.CodeRequired, "the beginning of the period is needed")
	}
	span, err := spanOf(c, in.Organization, in.From, in.To)
	if err != nil {
		return nil, err
	}
	q, err := c.QueriesAt(in.Organization, span.To)
	if err != nil {
		return nil, err
	}
	if err := c.AwaitVisible(span.To.Position.Partition); err != nil {
		return nil, err
	}
	r := &report{
		title: "Joiners, movers and leavers", at: span.To, query: url.Values{},
		columns: []string{"time", "position", "event_id", "kind", "change", "workspace_id", "workspace", "user_id", "email", "name", "from", "to", "by", "on_behalf_of", "reason"},
	}
	r.query.Set("from", transport.MomentText(span.From))
	r.query.Set("to", transport.MomentText(span.To))
	r.each = func(yield func(...string) error) error {
		return (&changedPeople{c, q, in, span, workspaceNames{q, map[domain.WorkspaceID]string{}}, yield}).all()
	}
	return r, nil
}

// changedPeople writes the rows of people whose access has changed.
type changedPeople struct {
	c     *transport.Call
	q     *projections.Queries // as of the end of the span
	in    *reportInput
	span  projections.Span
	names workspaceNames
	yield func(...string) error
}

// changeRow is a row: an event, or an end by the clock.
type changeRow struct {
	number             uint64 // 0: no event
	ID, Type           string
	Time               time.Time
	Workspace          domain.WorkspaceID `json:"workspaceid"`
	User               domain.UserID      `json:"userid"`
	By                 string             `json:"authid"`
	OnBehalfOf, Reason string
	Data               map[string]json.RawMessage
	from, to           string
}

func (p *changedPeople) all() error {
	filter := feed.Filter{Organization: p.in.Organization}
	for name := range changeKinds {
		filter.Types = append(filter.Types, name)
	}
	slices.Sort(filter.Types)
	last := p.span.To.Position.Number
	for after := p.span.From.Position.Number; after < last; {
		if p.c.Stopping() {
			return context.Canceled
		}
		found, next, err := p.c.Log().Events(p.c, filter, after, reportPage)
		if err != nil {
			return err
		}
		for i := range found {
			if found[i].Number > last {
				break
			}
			if err := p.event(found[i].Number, found[i].Stored); err != nil {
				return err
			}
		}
		if next <= after {
			break
		}
		after = next
	}
	return p.clock()
}

// event writes the rows of an event.
func (p *changedPeople) event(number uint64, stored []byte) error {
	row := changeRow{number: number}
	if err := json.Unmarshal(stored, &row); err != nil {
		return err
	}
	if only := p.in.Workspace; !only.IsZero() && !row.Workspace.IsZero() && row.Workspace != only {
		return nil
	}
	if row.Type == (domain.RoleUpdated{}).EventType() {
		return p.role(&row)
	}
	row.from, row.to = changeOf(row.Data)
	if row.Workspace.IsZero() {
		return p.organization(&row)
	}
	counts, err := p.membership(&row)
	if err != nil || !counts {
		return err
	}
	return p.write(&row)
}

// at returns the read models as of the number.
func (p *changedPeople) at(row *changeRow, number uint64) (*projections.Queries, error) {
	at := wire.Position{Partition: p.span.To.Position.Partition, Number: number}
	return p.c.QueriesAt(p.in.Organization, projections.Moment{Position: at, Time: row.Time})
}

// membership says what the event did to a membership. It reports whether that has begun, changed
// or ended access.
func (p *changedPeople) membership(row *changeRow) (counts bool, err error) {
	at := wire.Position{Partition: p.span.To.Position.Partition, Number: row.number - 1}
	before, err := p.c.Models().Standing(p.c, at, row.Workspace, row.User)
	if err != nil && !errors.Is(err, projections.ErrNotFound) {
		return false, err
	}
	var m domain.Membership
	if before.Membership != nil {
		m = *before.Membership
	}
	if changeKinds[row.Type] == kindJoiner {
		if row.to == "" {
			row.to = string(m.Role)
		}
		return true, nil
	}
	// Somebody who was invited or suspended had no access. A membership that an earlier event has
	// ended with all others is removed already, and has a row for that event.
	if m.State != domain.MembershipActive || before.Suspended > 0 {
		return false, nil
	}
	if changeKinds[row.Type] == kindLeaver {
		row.from, row.to = string(m.Role), ""
	}
	// What had ended by the clock before the period is in the report of the period before.
	return row.Type != (domain.MemberExpired{}).EventType() || m.EndsAt().After(p.span.From.Time), nil
}

// organization writes what the event did to a role in the organization, and the memberships that it
// has ended.
func (p *changedPeople) organization(row *changeRow) error {
	before, err := p.at(row, row.number-1)
	if err != nil {
		return err
	}
	counts, err := p.organizationRole(row, before)
	if err == nil && counts {
		err = p.write(row)
	}
	if err != nil || row.Data["ending"] == nil {
		return err
	}
	return p.endings(row)
}

// organizationRole says what the event did to a role in the organization. It reports whether that
// has begun, changed or ended access. Of one workspace it does so only if it has changed the access
// there.
func (p *changedPeople) organizationRole(row *changeRow, before *projections.Queries) (counts bool, err error) {
	m, err := before.OrganizationMember(p.in.Organization, row.User)
	if err != nil && !errors.Is(err, projections.ErrNotFound) {
		return false, err
	}
	removed := row.Type == (domain.OrganizationMemberRemoved{}).EventType()
	switch kind := changeKinds[row.Type]; {
	case kind != kindJoiner && !m.SuspendedAt.IsZero(), removed && m.Role == "":
		return false, nil // the role gave no access, or there was none
	case kind == kindLeaver:
		row.from, row.to = string(m.Role), ""
	case kind == kindJoiner && row.to == "":
		row.to = string(m.Role)
	}
	if p.in.Workspace.IsZero() {
		return true, nil
	}
	after, err := p.at(row, row.number)
	if err != nil {
		return false, err
	}
	had, err := before.Check(p.in.Workspace, row.User, row.Time)
	if err != nil && !errors.Is(err, projections.ErrNotFound) {
		return false, err
	}
	has, err := after.Check(p.in.Workspace, row.User, row.Time)
	if err != nil && !errors.Is(err, projections.ErrNotFound) {
		return false, err
	}
	if removed { // the memberships have rows of their own
		had.Grants, has.Grants = slices.DeleteFunc(had.Grants, direct), slices.DeleteFunc(has.Grants, direct)
	}
	return !slices.EqualFunc(had.Grants, has.Grants, func(a, b projections.Grant) bool { return reflect.DeepEqual(a, b) }), nil
}

// direct reports whether the grant is a membership.
func direct(g projections.Grant) bool { return g.Source == projections.SourceDirect }

// endings writes a row for each membership that gave access and that the event, the removal of a
// user from the organization, has ended. The events that record each of these ends come later,
// perhaps after the period.
func (p *changedPeople) endings(row *changeRow) error {
	return p.differences(p.eventSpan(row), func(change *projections.AccessChange) error {
		i := slices.IndexFunc(change.Before.Grants, direct)
		if i < 0 || change.User != row.User {
			return nil
		}
		end := *row
		end.Workspace, end.from, end.to = change.Workspace, string(change.Before.Grants[i].Role.Key), ""
		return p.write(&end)
	})
}

// eventSpan returns the span in which nothing but the event has happened.
func (p *changedPeople) eventSpan(row *changeRow) projections.Span {
	moment := func(number uint64) projections.Moment {
		return projections.Moment{Position: wire.Position{Partition: p.span.To.Position.Partition, Number: number}, Time: row.Time}
	}
	return projections.Span{From: moment(row.number - 1), To: moment(row.number)}
}

// role writes a row for everybody whose access the new definition of a role has changed.
func (p *changedPeople) role(row *changeRow) error {
	var key domain.RoleKey
	if err := json.Unmarshal(row.Data["key"], &key); err != nil {
		return err
	}
	return p.differences(p.eventSpan(row), func(change *projections.AccessChange) error {
		holder := *row
		holder.Workspace, holder.User = change.Workspace, change.User
		holder.from, holder.to = roleText(&change.Before, key), roleText(&change.After, key)
		if holder.from == holder.to {
			return nil
		}
		return p.write(&holder)
	})
}

// roleText says what the grants with the role give.
func roleText(a *projections.Access, key domain.RoleKey) string {
	var texts []string
	for i := range a.Grants {
		if g := &a.Grants[i]; g.Role.Key == key {
			texts = append(texts, fmt.Sprintf("%s, level %d: %s", key, g.Role.Level, joinPermissions(g.Permissions)))
		}
	}
	return strings.Join(texts, "; ")
}

// clock writes a row for each membership that has ended by the clock in the period, although no
// event of the period says so. Nothing but the time differs between the moments that it compares.
func (p *changedPeople) clock() error {
	at := p.span.To
	from := projections.Moment{Position: at.Position, Time: p.span.From.Time}
	return p.differences(projections.Span{From: from, To: at}, func(change *projections.AccessChange) error {
		if change.Ended.IsZero() {
			return nil
		}
		row := changeRow{Type: domain.MemberExpired{}.EventType(), Time: change.Ended, Workspace: change.Workspace, User: change.User, By: "muster"}
		if i := slices.IndexFunc(change.Before.Grants, direct); i >= 0 {
			row.from = string(change.Before.Grants[i].Role.Key)
		}
		return p.write(&row)
	})
}

// differences calls f with whose access differs between the moments.
func (p *changedPeople) differences(span projections.Span, f func(*projections.AccessChange) error) error {
	var only *domain.WorkspaceID
	if !p.in.Workspace.IsZero() {
		only = &p.in.Workspace
	}
	for page := (projections.Page{Size: projections.MaxPageSize}); ; {
		if p.c.Stopping() {
			return context.Canceled
		}
		found, err := p.c.Models().Diff(p.c, p.in.Organization, only, span, page)
		if errors.Is(err, projections.ErrNotFound) {
			return nil // there was no such workspace yet
		}
		if err != nil {
			return err
		}
		for i := range found.Items {
			if err := f(&found.Items[i]); err != nil {
				return err
			}
		}
		if page.After = found.Next; page.After == "" {
			return nil
		}
	}
}

func (p *changedPeople) write(row *changeRow) error {
	position, workspace, email, name := "", "", "", ""
	if row.number > 0 {
		position = wire.Position{Partition: p.span.To.Position.Partition, Number: row.number}.String()
	}
	if !row.Workspace.IsZero() {
		var err error
		if workspace, err = p.names.of(row.Workspace); err != nil {
			return err
		}
	}
	if !row.User.IsZero() {
		switch profile, err := p.q.User(p.in.Organization, row.User); {
		case err == nil:
			email, name = cellProfile(&profile)
		case !errors.Is(err, projections.ErrNotFound):
			return err
		}
	}
	return p.yield(timeText(row.Time), position, row.ID, changeKinds[row.Type], cellChange(row.Type), orEmpty(row.Workspace), workspace,
		orEmpty(row.User), email, name, row.from, row.to, row.By, row.OnBehalfOf, row.Reason)
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
