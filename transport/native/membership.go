package native

import (
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// Membership is the tie of one user to one workspace.
type Membership struct {
	ID           domain.MembershipID   `json:"id" format:"uuid" doc:"Stays the same when the user is removed and added again."`
	Workspace    domain.WorkspaceID    `json:"workspace_id" format:"uuid"`
	Organization domain.OrganizationID `json:"organization_id" format:"uuid"`
	User         domain.UserID         `json:"user_id" format:"uuid"`
	ProfileInBrief
	Role        RoleInBrief            `json:"role"`
	State       domain.MembershipState `json:"state" enum:"invited,active,suspended,removed" doc:"Only active gives access. What has expired is removed from that instant on."`
	Permissions *[]domain.Permission   `json:"permissions" bounds:"permissions" nullable:"true" doc:"What the member may do instead of what the role says; null: those of the role."`
	Accepted    bool                   `json:"accepted" doc:"false for somebody who was invited and has not accepted."`
	AddedBy     *string                `json:"added_by" bounds:"actor" doc:"The id of the user or token that added the user last; null for the system."`
	ExpiresAt   transport.Time         `json:"expires_at" nullable:"true" doc:"When the membership ends by itself; null: never."`
	CreatedAt   transport.Time         `json:"created_at"`
	UpdatedAt   transport.Time         `json:"updated_at"`
	Version     uint64                 `json:"version" bounds:"count" doc:"The number of the last event that changed the membership; also its ETag." example:"1042"`
	Invitation  *PendingInvitation     `json:"invitation" doc:"For an invited person; null for everybody else."`
}

// TransformSchema documents which fields can be null.
func (Membership) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "name", "invitation")
}

// PendingInvitation is what anybody who may see the member sees of an invitation: when it
// expires, and not its secret.
type PendingInvitation struct {
	ExpiresAt transport.Time `json:"expires_at" doc:"Until when the invitation can be accepted."`
}

// pendingInvitation returns the invitation of an invited person, and nil for anybody else.
func pendingInvitation(m *domain.Membership) *PendingInvitation {
	if m.State != domain.MembershipInvited {
		return nil
	}
	return &PendingInvitation{transport.Time(m.Invitation.ExpiresAt)}
}

func showMember(m *projections.Member) Membership {
	return ShowMembership(&m.Membership, &m.Role, m.Profile)
}

// ShowMembership returns a membership as the API shows it. The membership may have been
// read, just written, or folded from history. The profile is nil for a user without one
// in the directory.
func ShowMembership(m *domain.Membership, role *domain.Role, p *domain.Profile) Membership {
	return Membership{
		ID: m.ID, Workspace: m.Workspace, Organization: m.Organization, User: m.User,
		ProfileInBrief: profileInBrief(p), Role: roleInBrief(*role), State: m.State,
		Permissions: permissionsOrNull(&m.Permissions), Accepted: m.Accepted, AddedBy: orNull(&m.AddedBy),
		ExpiresAt: transport.Time(m.ExpiresAt), CreatedAt: transport.Time(m.CreatedAt), UpdatedAt: transport.Time(m.UpdatedAt), Version: m.Version,
		Invitation: pendingInvitation(m),
	}
}

// permissionsOrNull returns the list, or nil if it is nil. An empty list is not null.
func permissionsOrNull(list *[]domain.Permission) *[]domain.Permission {
	if *list == nil {
		return nil
	}
	return list
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (m *Membership) AppendJSON(b []byte) []byte { return m.appendAfter(b, new(appendedTerms)) }

// appendMembers appends a list of memberships.
func appendMembers(b []byte, rows []projections.Member) []byte {
	var last appendedTerms
	return appendList(b, rows, func(b []byte, row *projections.Member) []byte {
		m := showMember(row)
		return m.appendAfter(b, &last)
	})
}

// appendedTerms are fields that the memberships of a list often have in common, as they were
// appended last, and where they are. It costs less to copy them than to write them again.
type appendedTerms struct {
	workspace                              domain.WorkspaceID
	organization                           domain.OrganizationID
	role                                   RoleInBrief
	addedBy                                string
	createdAt                              transport.Time
	inWorkspace, withRole, byWhom, created span
}

// span is a part of a text.
type span struct{ from, to int }

// again appends the part once more.
func (s span) again(b []byte) []byte { return append(b, b[s.from:s.to]...) }

// written reports whether there is such a part.
func (s span) written() bool { return s.to > 0 }

// appendAfter is AppendJSON after another membership, with which it may have fields in common.
func (m *Membership) appendAfter(b []byte, last *appendedTerms) []byte {
	b = append(m.appendTerms(b, last), `,"invitation":`...)
	if m.Invitation == nil {
		return append(b, "null}"...)
	}
	return append(m.Invitation.ExpiresAt.AppendJSON(append(b, `{"expires_at":`...)), "}}"...)
}

// appendTerms appends everything before the invitation.
func (m *Membership) appendTerms(b []byte, last *appendedTerms) []byte {
	b = appendID(append(b, `{"id":`...), m.ID)
	b = m.appendWorkspace(b, last)
	b = appendID(append(b, `,"user_id":`...), m.User)
	b = m.appendFields(b)
	b = m.appendRole(b, last)
	b = appendText(append(b, `,"state":`...), string(m.State))
	b = append(b, `,"permissions":`...)
	if m.Permissions == nil {
		b = append(b, "null"...)
	} else {
		b = appendPermissions(b, *m.Permissions)
	}
	b = strconv.AppendBool(append(b, `,"accepted":`...), m.Accepted)
	b = m.appendAddedBy(b, last)
	b = m.ExpiresAt.AppendJSON(append(b, `,"expires_at":`...))
	b = m.appendCreatedAt(append(b, `,"created_at":`...), last)
	b = append(b, `,"updated_at":`...)
	if m.UpdatedAt == m.CreatedAt {
		b = last.created.again(b)
	} else {
		b = m.UpdatedAt.AppendJSON(b)
	}
	return appendUint(append(b, `,"version":`...), m.Version)
}

func (m *Membership) appendWorkspace(b []byte, last *appendedTerms) []byte {
	if s := &last.inWorkspace; s.written() && m.Workspace == last.workspace && m.Organization == last.organization {
		return s.again(b)
	}
	from := len(b)
	b = appendID(append(b, `,"workspace_id":`...), m.Workspace)
	b = appendID(append(b, `,"organization_id":`...), m.Organization)
	last.workspace, last.organization, last.inWorkspace = m.Workspace, m.Organization, span{from, len(b)}
	return b
}

func (m *Membership) appendRole(b []byte, last *appendedTerms) []byte {
	if s := &last.withRole; s.written() && m.Role == last.role {
		return s.again(b)
	}
	from := len(b)
	b = m.Role.AppendJSON(append(b, `,"role":`...))
	last.role, last.withRole = m.Role, span{from, len(b)}
	return b
}

func (m *Membership) appendAddedBy(b []byte, last *appendedTerms) []byte {
	if m.AddedBy == nil {
		return append(b, `,"added_by":null`...)
	}
	if s := &last.byWhom; s.written() && *m.AddedBy == last.addedBy {
		return s.again(b)
	}
	from := len(b)
	b = appendText(append(b, `,"added_by":`...), *m.AddedBy)
	last.addedBy, last.byWhom = *m.AddedBy, span{from, len(b)}
	return b
}

func (m *Membership) appendCreatedAt(b []byte, last *appendedTerms) []byte {
	if s := &last.created; s.written() && m.CreatedAt == last.createdAt {
		return s.again(b)
	}
	from := len(b)
	b = m.CreatedAt.AppendJSON(b)
	last.createdAt, last.created = m.CreatedAt, span{from, len(b)}
	return b
}
