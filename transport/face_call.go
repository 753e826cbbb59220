package transport

import (
	"iter"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
)

// Call is a request as the handlers of a [Face] see it. It has been admitted: its
// token has the scope that the operation declares.
type Call struct{ call *call }

// Organization is the one that the token belongs to; zero for the root token.
func (c Call) Organization() domain.OrganizationID { return c.call.who.Organization }

// Workspace is the one that the token is bound to; zero for none.
func (c Call) Workspace() domain.WorkspaceID { return c.call.who.Workspace() }

// User is the one that the token is bound to; zero for none.
func (c Call) User() domain.UserID { return c.call.who.Actor.User }

// Token is the id of the token; zero for the root token and for a JWT.
func (c Call) Token() domain.TokenID { return c.call.who.Token }

// Now is the time by which memberships expire.
func (c Call) Now() time.Time { return c.call.api.now() }

// NewID makes the id of a new thing.
func (c Call) NewID() [16]byte { return c.call.api.newID() }

// NewInvitation is the hash of an invitation's secret that nobody is told. Who is
// to have one gets it by renewing the invitation.
func (c Call) NewInvitation() domain.Hash {
	return auth.HashSecret(auth.NewSecret(auth.InvitationSecret))
}

// Models are the read models. What they answer belongs to any organization: hold
// it against [Call.Reaches].
func (c Call) Models() *projections.ReadModels { return c.call.api.models }

// Reaches reports whether the token may know of the workspace of the organization.
// What it does not reach is [projections.ErrNotFound].
func (c Call) Reaches(org domain.OrganizationID, ws domain.WorkspaceID) bool {
	return c.call.who.ReachesWorkspace(org, ws)
}

// FindWorkspace answers the workspace. What the token does not reach is not found.
func (c Call) FindWorkspace(ws domain.WorkspaceID) (domain.Workspace, error) {
	return c.call.findWorkspace(ws)
}

// Members goes through all memberships of the workspace that the filter shows,
// however many. Who is there all the while comes once, whatever happens meanwhile.
func (c Call) Members(ws domain.WorkspaceID, f projections.MemberFilter) iter.Seq2[*projections.Member, error] {
	return func(yield func(*projections.Member, error) bool) {
		for from := (projections.Page{Size: projections.MaxPageSize}); ; {
			page, err := c.Models().Members(ws, f, c.Now(), from)
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

// OrganizationOf answers the organization that a command on the workspace is for.
// Whether the workspace belongs to it, the command sees.
func (c Call) OrganizationOf(ws domain.WorkspaceID) (domain.OrganizationID, error) {
	return c.call.organizationOf(ws)
}

// Changed is a membership as a command left it.
type Changed struct {
	projections.Member
	Result events.Result
}

// Change has a command on a membership decided and written, and waits until this
// node's queries show it. The body is the hash of the request's ([JSONBody.Hash]),
// zero for none. The command is made from what the request says of every command;
// it is one of those that concern a single membership. Errors are those of the
// domain and of the log.
func (c Call) Change(h *WriteHeaders, ws domain.WorkspaceID, body domain.Hash, command func(domain.Meta) domain.Command) (Changed, error) {
	org, err := c.call.organizationOf(ws)
	if err != nil {
		return Changed{}, err
	}
	asked := command(h.meta(c.call, org, body))
	result, err := h.run(c.call, asked)
	if err != nil {
		return Changed{}, err
	}
	return Changed{c.call.left(result, memberOf(result, asked)), result}, nil
}

// Found answers a query for one resource.
func Found[T any](version uint64, body *T) *Resource[T] {
	out, _ := found(ETagHeaders{}, version, body)
	return out
}

// Wrote answers a command with what it has left: 200, with the position and the
// version.
func Wrote[T any](h *WriteHeaders, changed Changed, body *T) *Written[T] {
	return written(h, changed.Result, "", changed.Version, body)
}

// Ended answers a command that has ended something: 204, with the position.
func Ended(h *WriteHeaders, changed Changed) *Gone { return gone(h, changed.Result) }
