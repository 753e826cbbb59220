package projections

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// afterParts is how the parts that a command left are stored: by their kind, in
// the order of the command's events.
type afterParts struct {
	Organizations       []*domain.Organization       `json:"organizations,omitzero"`
	OrganizationMembers []*domain.OrganizationMember `json:"organization_members,omitzero"`
	Profiles            []*domain.Profile            `json:"profiles,omitzero"`
	Workspaces          []*domain.Workspace          `json:"workspaces,omitzero"`
	Memberships         []*domain.Membership         `json:"memberships,omitzero"`
	Roles               []*domain.CustomRole         `json:"roles,omitzero"`
	Tokens              []*domain.Token              `json:"tokens,omitzero"`
}

// keep stores what a command with an idempotency key did, once its last event has
// been applied: its events are the entries.
func (p *projector) keep(entries []events.Entry, key int64) error {
	last := &entries[len(entries)-1].Recorded
	if last.Request.IsZero() {
		return nil
	}
	org := last.Event.Concerns().Organization
	organization, err := p.organizationOf(org)
	if err != nil {
		return err
	}
	types := make([]string, len(entries))
	for i := range entries {
		types[i] = entries[i].Event.EventType()
	}
	after, err := p.after(entries)
	if err != nil {
		return err
	}
	_, err = p.exec(`INSERT INTO done (key, organization, command, request, types, after) VALUES (?, ?, ?, ?, ?, ?)`,
		key, organization, last.Command[:], last.Request[:], strings.Join(types, " "), after)
	return err
}

// noneIsNull tells no list, which is null, from an empty one.
var noneIsNull = json.FormatNilSliceAsNull(true)

// after reads the parts that the events concern, as they are now, and encodes
// them.
func (p *projector) after(entries []events.Entry) ([]byte, error) {
	var parts afterParts
	seen := make(map[domain.Key]bool)
	for i := range entries {
		keys := shown(entries[i].Event)
		for len(keys) > 0 {
			k := keys[0]
			if keys = keys[1:]; seen[k] {
				continue
			}
			seen[k] = true
			found, err := p.part(k)
			if err != nil {
				return nil, err
			}
			switch found := found.(type) { //nolint:gochecksumtype // no answer shows the others
			case *domain.Organization:
				parts.Organizations = append(parts.Organizations, found)
			case *domain.OrganizationMember:
				parts.OrganizationMembers = append(parts.OrganizationMembers, found)
			case *domain.Profile:
				parts.Profiles = append(parts.Profiles, found)
			case *domain.Workspace:
				parts.Workspaces = append(parts.Workspaces, found)
			case *domain.Membership:
				parts.Memberships = append(parts.Memberships, found)
				if _, ok := domain.BuiltInRole(found.Role); !ok {
					keys = append(keys, domain.CustomRoleKey(found.Organization, found.Role))
				}
			case *domain.CustomRole:
				parts.Roles = append(parts.Roles, found)
			case *domain.Token:
				parts.Tokens = append(parts.Tokens, found)
			}
		}
	}
	return json.Marshal(&parts, json.Deterministic(true), noneIsNull)
}

// shown names the parts that an answer to the event's command shows.
func shown(e domain.Event) []domain.Key {
	about := e.Concerns()
	switch e := e.(type) {
	case domain.OrganizationCreated, domain.OrganizationRenamed:
		return []domain.Key{domain.OrganizationKey(about.Organization)}
	case domain.OrganizationMemberAdded, domain.OrganizationMemberRoleChanged, domain.OrganizationMemberRemoved,
		domain.OrganizationMemberSuspended, domain.OrganizationMemberReinstated:
		return []domain.Key{
			domain.OrganizationMemberKey(about.Organization, about.User),
			domain.ProfileKey(about.Organization, about.User),
		}
	case domain.UserProfileSet:
		return []domain.Key{domain.ProfileKey(about.Organization, about.User)}
	case domain.WorkspaceCreated, domain.WorkspaceRenamed, domain.WorkspaceArchived, domain.WorkspaceRestored, domain.WorkspaceOwnershipTransferred:
		return []domain.Key{domain.WorkspaceKey(about.Workspace)}
	case domain.MemberInvited, domain.MemberAdded, domain.MemberAccepted, domain.MemberInvitationRenewed,
		domain.MemberRoleChanged, domain.MemberPermissionsChanged, domain.MemberExpiryChanged,
		domain.MemberSuspended, domain.MemberReinstated, domain.MemberRemoved, domain.MemberLeft, domain.MemberExpired:
		return []domain.Key{
			domain.MembershipKey(about.Workspace, about.User),
			domain.ProfileKey(about.Organization, about.User),
		}
	case domain.RoleCreated:
		return []domain.Key{domain.CustomRoleKey(about.Organization, e.Key)}
	case domain.RoleUpdated:
		return []domain.Key{domain.CustomRoleKey(about.Organization, e.Key)}
	case domain.RoleArchived:
		return []domain.Key{domain.CustomRoleKey(about.Organization, e.Key)}
	case domain.TokenIssued:
		return []domain.Key{domain.TokenKey(about.Organization, e.Token.ID)}
	case domain.TokenRotated:
		return []domain.Key{domain.TokenKey(about.Organization, e.TokenID)}
	case domain.TokenRevoked:
		return []domain.Key{domain.TokenKey(about.Organization, e.TokenID)}
	}
	return nil
}

// state answers the parts as a state that holds them.
func (a *afterParts) state() *domain.State {
	s := new(domain.State)
	for _, o := range a.Organizations {
		s.Put(domain.OrganizationKey(o.ID), o)
	}
	for _, m := range a.OrganizationMembers {
		s.Put(domain.OrganizationMemberKey(m.Organization, m.User), m)
	}
	for _, p := range a.Profiles {
		s.Put(domain.ProfileKey(p.Organization, p.User), p)
	}
	for _, w := range a.Workspaces {
		s.Put(domain.WorkspaceKey(w.ID), w)
	}
	for _, m := range a.Memberships {
		s.Put(domain.MembershipKey(m.Workspace, m.User), m)
	}
	for _, r := range a.Roles {
		s.Put(domain.CustomRoleKey(r.Organization, r.Key), r)
	}
	for _, t := range a.Tokens {
		s.Put(domain.TokenKey(t.Organization, t.ID), t)
	}
	return s
}

func (c *conn) done(org domain.OrganizationID, command domain.CommandID) (*domain.Done, error) {
	var key int64
	var types string
	var after []byte
	var d domain.Done
	if err := c.row([]any{scanNumber(&key), scanHash(&d.Request), scanText(&types), &after}, `
		SELECT d.key, d.request, d.types, d.after
		FROM organizations o JOIN done d ON d.organization = o.key AND d.command = +?2
		WHERE o.id = +?1`, org[:], command[:]); err != nil {
		return nil, err
	}
	var parts afterParts
	if err := json.Unmarshal(after, &parts); err != nil {
		return nil, fmt.Errorf("what command %s left: %w", command, err)
	}
	d.Number, d.Types, d.After = uint64(key)>>partitionBits, strings.Fields(types), parts.state() //nolint:gosec // keys are positive
	return &d, nil
}
