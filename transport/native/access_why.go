package native

import (
	"fmt"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// ExplainQuery is the parameter of checks that also say why.
type ExplainQuery struct {
	Explain bool `query:"explain" doc:"Also say which rule decided, by which event, and of each grant who gave it, when and why. That reads history, so it takes longer."`
}

// The rules that decide a check. The first one that applies is named.
const (
	whyGranted           = "granted"                // a grant allows it
	whyRoleTooLow        = "role_too_low"           // there are grants, but none has the role's level
	whyListed            = "permission_not_in_list" // the role would allow it, but the membership has a list of its own
	whyNotPermitted      = "permission_not_granted" // no grant allows it
	whyOrganization      = "suspended_in_organization"
	whyOffboarded        = "removed_from_organization"
	whyInvited           = "invited"
	whyInvitationExpired = "invitation_expired"
	whySuspended         = "suspended"
	whyExpired           = "expired"
	whyRemoved           = "removed"
	whyLeft              = "left"
	whyNoGrant           = "no_grant" // no membership ever, and no role that gives access
)

// Explanation says which rule decided a check.
type Explanation struct {
	Code       string         `json:"code" enum:"granted,role_too_low,permission_not_in_list,permission_not_granted,suspended_in_organization,removed_from_organization,invited,invitation_expired,suspended,expired,removed,left,no_grant" doc:"For programs. Later versions may have more."`
	Detail     string         `json:"detail" bounds:"detail" doc:"For people." example:"suspended since 2026-03-05T23:09:47.281Z"`
	Since      transport.Time `json:"since" nullable:"true" doc:"Since when the rule has had this result; null for no_grant."`
	Event      *EventInBrief  `json:"event" doc:"The event that made it so; null if there is none, as for an end by the clock that no event has recorded yet."`
	ArchivedAt transport.Time `json:"workspace_archived_at" nullable:"true" doc:"Since when the workspace is archived. That takes no access away: Muster refuses writes to the workspace, whoever asks. null: it is not archived."`
}

// TransformSchema documents which fields can be null.
func (Explanation) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "event")
}

// question is a check with what was found out about it.
type question struct {
	*transport.Call
	asked  *checkAccessBody
	access *projections.Access
	least  domain.Level // of the role that is asked for
}

// explain adds to the result of a check which rule decided, and where the grants come from.
func (x *question) explain(q *projections.Queries, result *AccessCheck) error {
	o := make(origins)
	if err := o.read(x.Call, x.access.Organization, x.access.Grants); err != nil {
		return err
	}
	o.add(result.Grants, x.access.Grants)
	ws, err := q.Workspace(x.asked.Workspace)
	if err != nil {
		return err
	}
	if x.access.Any() {
		result.Why, err = x.byGrant(result.Allowed)
	} else {
		result.Why, err = x.withoutGrant()
	}
	if err == nil {
		result.Why.ArchivedAt = transport.Time(ws.ArchivedAt)
	}
	return err
}

// byGrant explains the result for a user who has access: by the grant that allows what is
// asked for, or by the one with the highest role.
func (x *question) byGrant(allowed bool) (*Explanation, error) {
	grants, permission := x.access.Grants, x.asked.Permission
	top := &grants[0]
	switch by := slices.IndexFunc(grants, x.allows); {
	case allowed && permission != "":
		top = &grants[by]
		return x.since(whyGranted, fmt.Sprintf("the %s grant with the role %s allows %s", top.Source, top.Role.Key, permission), top)
	case allowed:
		return x.since(whyGranted, fmt.Sprintf("the %s grant has the role %s of level %d, and %s has %d", top.Source, top.Role.Key, top.Role.Level, x.asked.Role, x.least), top)
	case permission == "":
		return x.since(whyRoleTooLow, fmt.Sprintf("the highest role is %s of level %d, and %s has %d", top.Role.Key, top.Role.Level, x.asked.Role, x.least), pointers(grants)...)
	}
	// The role allows it, so the membership has a list of its own.
	if by := slices.IndexFunc(grants, func(g projections.Grant) bool { return slices.Contains(g.Role.Permissions, permission) }); by >= 0 {
		return x.byEvent(whyListed, fmt.Sprintf("the role %s allows %s, but the membership has permissions of its own in place of the role's, and this is not among them since ", grants[by].Role.Key, permission), grants[by].Position.Number)
	}
	return x.since(whyNotPermitted, fmt.Sprintf("none of the grants allows %s; the highest role is %s", permission, top.Role.Key), pointers(grants)...)
}

func pointers(grants []projections.Grant) []*projections.Grant {
	all := make([]*projections.Grant, len(grants))
	for i := range grants {
		all[i] = &grants[i]
	}
	return all
}

// allows reports whether the grant allows the permission that is asked for.
func (x *question) allows(g projections.Grant) bool {
	return slices.Contains(g.Permissions, x.asked.Permission)
}

// since returns an explanation by grants that all have the same result. It has had that since
// the last event that gave one of them, or that changed a role so that the result became what
// it is.
func (x *question) since(code, detail string, grants ...*projections.Grant) (*Explanation, error) {
	var last uint64
	for _, g := range grants {
		redefined, err := x.redefined(g)
		if err != nil {
			return nil, err
		}
		last = max(last, g.Position.Number, redefined)
	}
	return x.byEvent(code, detail+" since ", last)
}

// redefined returns the number of the last event by which the definition of a role changed the
// result of the grant. It is 0 if none did.
func (x *question) redefined(g *projections.Grant) (uint64, error) {
	if permission := x.asked.Permission; permission != "" {
		if g.Own {
			return 0, nil // the role's permissions are not what it allows
		}
		return x.roleSince(g.Role.Key, func(v *projections.RoleVersion) bool { return slices.Contains(v.Permissions, permission) })
	}
	own, err := x.roleSince(g.Role.Key, func(v *projections.RoleVersion) bool { return v.Level >= x.least })
	if err != nil {
		return 0, err
	}
	asked, err := x.roleSince(x.asked.Role, func(v *projections.RoleVersion) bool { return v.Level <= g.Role.Level })
	return max(own, asked), err
}

// roleSince returns the number of the last event since which the role's definition has had the
// property, or has not had it. It is 0 if that was so from the beginning.
func (x *question) roleSince(role domain.RoleKey, has func(*projections.RoleVersion) bool) (uint64, error) {
	at, err := x.History(x.access.Organization)
	if err != nil {
		return 0, err
	}
	versions, err := x.Models().RoleVersions(x, at, x.access.Organization, role)
	if err != nil {
		return 0, err
	}
	for i := 1; i < len(versions); i++ {
		if has(&versions[i]) != has(&versions[i-1]) {
			return versions[i-1].Number, nil
		}
	}
	return 0, nil
}

// byEvent returns an explanation by the event with the number. The detail is followed by the
// event's time.
func (x *question) byEvent(code, detail string, number uint64) (*Explanation, error) {
	event, _, err := eventAt(x.Call, x.access.Organization, number)
	if err != nil {
		return nil, err
	}
	return &Explanation{Code: code, Detail: detail + timeText(time.Time(event.Time)), Since: event.Time, Event: event}, nil
}

// byClock returns an explanation by a time that has come.
func byClock(code, detail string, end time.Time) (*Explanation, error) {
	return &Explanation{Code: code, Detail: detail + timeText(end), Since: transport.Time(end)}, nil
}

// withoutGrant explains the result for a user who has no access at all.
func (x *question) withoutGrant() (*Explanation, error) {
	at, err := x.History(x.access.Organization)
	if err != nil {
		return nil, err
	}
	standing, err := x.Models().Standing(x, at, x.asked.Workspace, x.asked.User)
	if err != nil {
		return nil, err
	}
	m := standing.Membership
	switch {
	case standing.Suspended > 0:
		return x.byEvent(whyOrganization, "suspended in the organization since ", standing.Suspended)
	case m == nil:
		return &Explanation{Code: whyNoGrant, Detail: "the user was never a member of the workspace, and has no role in the organization that gives access to it"}, nil
	case m.State == domain.MembershipRemoved:
		return x.removed(m, standing.Since)
	case m.StateAt(x.At()) == domain.MembershipRemoved:
		return byClock(endByClock(m))
	case m.State == domain.MembershipInvited:
		return x.byEvent(whyInvited, "invited, and has not accepted, since ", standing.Since)
	case m.State == domain.MembershipSuspended:
		return x.byEvent(whySuspended, "suspended since ", standing.Since)
	}
	return nil, fmt.Errorf("%w: access has changed since the check", feed.ErrBehind)
}

// removed explains what the event with the number has ended.
func (x *question) removed(m *domain.Membership, number uint64) (*Explanation, error) {
	why, err := x.byEvent(whyRemoved, "removed at ", number)
	if err != nil {
		return nil, err
	}
	at := timeText(time.Time(why.Since))
	switch why.Event.Type {
	case domain.MemberLeft{}.EventType():
		why.Code, why.Detail = whyLeft, "left the workspace at "+at
	case domain.OrganizationMemberRemoved{}.EventType():
		why.Code, why.Detail = whyOffboarded, "removed from the organization at "+at
	case domain.MemberExpired{}.EventType():
		code, detail, end := endByClock(m)
		why.Code, why.Detail, why.Since = code, detail+timeText(end), transport.Time(end)
	}
	return why, nil
}

// endByClock explains the end of a membership that came with time, whether or not an event has
// recorded it. A membership that nobody has accepted may end before its invitation does.
func endByClock(m *domain.Membership) (code, detail string, end time.Time) {
	if !m.Accepted && (m.ExpiresAt.IsZero() || m.Invitation.ExpiresAt.Before(m.ExpiresAt)) {
		return whyInvitationExpired, "invited, and the invitation expired at ", m.Invitation.ExpiresAt
	}
	return whyExpired, "the membership expired at ", m.ExpiresAt
}

// timeText returns a time as people see it in the API.
func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
