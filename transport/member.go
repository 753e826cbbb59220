package transport

import (
	"iter"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// Changed is a membership as a command left it, with the command's result.
type Changed struct {
	projections.Member
	Result Result
}

// ChangeMember is [Call.DoInWorkspace] for a command on a single membership.
func (c *Call) ChangeMember(w *Write, ws domain.WorkspaceID, command func(domain.Meta) domain.Command) (Changed, error) {
	result, err := c.DoInWorkspace(w, ws, command)
	if err != nil {
		return Changed{}, err
	}
	return Changed{c.Left(result, result.Target), result}, nil
}

// Left returns the membership with that key as a command left it.
func (c *Call) Left(result Result, key domain.Key) projections.Member {
	member := domain.PartOf[*domain.Membership](result.State, key)
	role, _ := result.State.Role(member.Organization, member.Role)
	left := projections.Member{Membership: *member, Role: role, Profile: result.State.Profile(member.Organization, member.User)}
	if len(result.Types) == 0 { // nothing was written, so it may have expired since the last event
		left.State = member.StateAt(c.Now())
	}
	return left
}

// Members returns all memberships of the workspace that pass the filter. It reads them
// page by page. A membership that passes the filter all the time appears exactly once,
// even if others change in between.
func (c *Call) Members(ws projections.FoundWorkspace, f projections.MemberFilter) iter.Seq2[*projections.Member, error] {
	return func(yield func(*projections.Member, error) bool) {
		for from := (projections.Page{Size: projections.MaxPageSize}); ; {
			page, err := c.Models().Members(c, ws, f, c.Now(), from)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page.Items {
				if !yield(&page.Items[i], nil) {
					return
				}
			}
			if from.After = page.Next; from.After == "" {
				return
			}
		}
	}
}
