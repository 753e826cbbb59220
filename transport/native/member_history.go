package native

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// MemberHistoryEntry is one event in the life of a membership, with what the membership was
// after it.
type MemberHistoryEntry struct {
	Position   *string             `json:"position" bounds:"position" nullable:"true" doc:"null for an end by the clock that no event has recorded yet." example:"3-1042"`
	Event      *domain.EventID     `json:"event_id" bounds:"event" nullable:"true" doc:"null for an end by the clock that no event has recorded yet." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
	Type       string              `json:"type" bounds:"event_type" example:"muster.member.role_changed"`
	Time       transport.Time      `json:"time"`
	AuthType   domain.ActorKind    `json:"authtype" enum:"user,token,system"`
	AuthID     string              `json:"authid" bounds:"actor" doc:"The id of the user or token; root or muster for the system." example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	OnBehalfOf *domain.UserID      `json:"onbehalfof" format:"uuid" nullable:"true" doc:"The user on whose behalf it was done; null if there is none."`
	Reason     *string             `json:"reason" bounds:"reason" doc:"The Muster-Reason that it was done with; null for none." example:"Joined the team, ticket 4711"`
	Data       *EventData          `json:"data" doc:"What changed: the data of the event. null if there is no event."`
	Membership domain.MembershipID `json:"membership_id" format:"uuid"`

	State       domain.MembershipState `json:"state" enum:"invited,active,suspended,removed" doc:"After the event."`
	Role        RoleInBrief            `json:"role" doc:"After the event, as the role was defined then."`
	Permissions *[]domain.Permission   `json:"permissions" bounds:"permissions" nullable:"true" doc:"After the event: what the member may do instead of what the role says; null: those of the role."`
	ExpiresAt   transport.Time         `json:"expires_at" nullable:"true" doc:"After the event: when the membership ends by itself; null: never."`
	Suspended   bool                   `json:"organization_suspended" doc:"After the event: whether the user is suspended in the organization, so that the membership gives no access."`
}

// TransformSchema documents which fields can be null.
func (MemberHistoryEntry) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "data")
}

type memberHistoryInput struct {
	MemberPath
	transport.ReadHeaders
	transport.AsOf
	ListQuery
}

// memberHistory lists the events that have made the membership what it is.
func memberHistory(c *transport.Call, in *memberHistoryInput) (*Listing[MemberHistoryEntry], error) {
	ws, err := c.FindWorkspace(in.Workspace)
	if err != nil {
		return nil, err
	}
	at, err := c.History(ws.Organization)
	if err != nil {
		return nil, err
	}
	versions, err := c.Models().MemberVersions(c, projections.Moment{Position: at, Time: c.At()}, in.Workspace, in.User, in.page())
	if err != nil {
		return nil, err
	}
	rows := projections.List[MemberHistoryEntry]{Next: versions.Next}
	for i := range versions.Items {
		entry, err := historyEntry(c, &versions.Items[i])
		if err != nil {
			return nil, err
		}
		rows.Items = append(rows.Items, entry)
	}
	return listing(c, rows, nil, func(e *MemberHistoryEntry) MemberHistoryEntry { return *e })
}

// historyEntry returns the event of a version, or its end by the clock, with the version.
func historyEntry(c *transport.Call, v *projections.MemberVersion) (MemberHistoryEntry, error) {
	if v.Number == 0 {
		return unrecordedEnd(v), nil
	}
	event, data, err := eventAt(c, v.Organization, v.Number)
	if err != nil {
		return MemberHistoryEntry{}, err
	}
	entry := afterVersion(v)
	entry.Position, entry.Event, entry.Type, entry.Time = &event.Position, &event.ID, event.Type, event.Time
	entry.AuthType, entry.AuthID, entry.OnBehalfOf, entry.Reason = event.AuthType, event.AuthID, event.OnBehalfOf, event.Reason
	entry.Data = &data
	return entry, nil
}

// afterVersion returns an entry without its event.
func afterVersion(v *projections.MemberVersion) MemberHistoryEntry {
	return MemberHistoryEntry{
		Membership: v.ID, State: v.State, Role: roleInBrief(v.Role), Permissions: permissionsOrNull(&v.Permissions),
		ExpiresAt: transport.Time(v.ExpiresAt), Suspended: v.Suspended,
	}
}

// unrecordedEnd returns the end of a membership or an invitation that has come, although no
// event has recorded it yet.
func unrecordedEnd(last *projections.MemberVersion) MemberHistoryEntry {
	entry := afterVersion(last)
	entry.Type, entry.Time, entry.State = domain.MemberExpired{}.EventType(), transport.Time(last.EndsAt()), domain.MembershipRemoved
	entry.AuthType, entry.AuthID = domain.ActorSystem, "muster"
	return entry
}
