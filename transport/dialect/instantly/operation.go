package instantly

import (
	"errors"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/auth"
)

type listInput struct {
	transport.ReadHeaders
	Limit         int                 `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many items at most."`
	StartingAfter domain.MembershipID `query:"starting_after" format:"uuid" doc:"The next_starting_after of the page before: the id of the last item that it had."`
}

// page is one page of the list.
type page struct {
	Items []*member            `json:"items" bounds:"page" nullable:"false"`
	Next  *domain.MembershipID `json:"next_starting_after,omitzero" format:"uuid" doc:"Where the next page starts; omitted at the end of the list."`
}

type listOutput struct{ Body *page }

func list(c *transport.Call, in *listInput) (*listOutput, error) {
	ws, err := c.FindWorkspace(c.Workspace())
	if err != nil {
		return nil, err
	}
	from := projections.Page{Size: in.Limit}
	if !in.StartingAfter.IsZero() {
		switch from.After, err = c.Models().MembersBehind(ws, in.StartingAfter); {
		case errors.Is(err, projections.ErrNotFound):
			return nil, &domain.InvalidError{Pointer: "query.starting_after", Code: "invalid_value", Detail: "the id of an item of this list is expected"}
		case err != nil:
			return nil, err
		}
	}
	rows, err := c.Models().Members(c, ws, projections.MemberFilter{}, c.Now(), from)
	if err != nil {
		return nil, err
	}
	shown, v := &page{Items: make([]*member, len(rows.Items))}, newViewer(c)
	for i := range rows.Items {
		if shown.Items[i], err = v.show(&rows.Items[i]); err != nil {
			return nil, err
		}
	}
	if rows.Next != "" {
		shown.Next = &rows.Items[len(rows.Items)-1].ID
	}
	return &listOutput{shown}, nil
}

// MemberPath is the part of a path that names an item.
type MemberPath struct {
	ID domain.MembershipID `path:"id" format:"uuid" doc:"The id of the item."`
}

// find returns the membership, even if it was removed, provided that the token reaches
// it.
func (p MemberPath) find(c *transport.Call) (projections.Member, error) {
	found, err := transport.Find(c, func() (projections.Member, error) { return c.Models().Membership(p.ID, c.Now()) })
	if err == nil && !c.Reaches(found.Organization, found.Workspace) {
		err = projections.ErrNotFound
	}
	return found, err
}

type getInput struct {
	MemberPath
	transport.ReadHeaders
}

func get(c *transport.Call, in *getInput) (*transport.Resource[member], error) {
	found, err := in.find(c)
	if err == nil && found.State == domain.MembershipRemoved {
		err = projections.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	shown, err := newViewer(c).show(&found)
	return transport.Found(transport.ETagHeaders{}, found.Version, shown), err
}

type createBody struct {
	Email       string       `json:"email" bounds:"email" format:"email" example:"ada@acme.example"`
	Role        role         `json:"role" doc:"Any but owner."`
	Permissions []permission `json:"permissions,omitzero" bounds:"permissions" nullable:"true" doc:"What the member may do instead of what the role says; null: as the role says."`
}

type createInput struct {
	transport.WriteHeaders
	transport.JSONBody[createBody]
}

func create(c *transport.Call, in *createInput) (*transport.Written[member], error) {
	sent := in.Sent()
	terms, err := sent.terms()
	if err != nil {
		return nil, err
	}
	return change(c, in.Write(), func(m domain.Meta) domain.Command {
		return domain.InviteMember{
			Meta: m, Workspace: c.Workspace(), Profile: domain.ProfileFacts{Email: sent.Email}, Terms: terms,
			User: c.NewID(), Membership: c.NewID(), Secret: auth.HashSecret(auth.NewSecret(auth.InvitationSecret)), // nobody learns this secret; renewing the invitation makes one that can be sent
		}
	})
}

func (b *createBody) terms() (t domain.Terms, err error) {
	if t.Role, err = b.Role.key(); err != nil {
		return t, err
	}
	t.Permissions, err = readPermissions(b.Permissions)
	return t, err
}

type updateBody struct {
	Role        transport.Patch[role]         `json:"role,omitzero" doc:"Any but owner."`
	Permissions transport.Patch[[]permission] `json:"permissions,omitzero" bounds:"permissions" nullable:"true" doc:"What the member may do instead of what the role says; null: as the role says."`
}

type updateInput struct {
	MemberPath
	transport.WriteHeaders
	transport.JSONBody[updateBody]
}

func update(c *transport.Call, in *updateInput) (*transport.Written[member], error) {
	found, err := in.find(c)
	if err != nil {
		return nil, err
	}
	wanted, err := in.Sent().command()
	if err != nil {
		return nil, err
	}
	return change(c, in.Write(), func(m domain.Meta) domain.Command {
		wanted.Meta, wanted.Workspace, wanted.User = m, found.Workspace, found.User
		return wanted
	})
}

// command returns the command that the body asks for, still without its member.
func (b *updateBody) command() (wanted domain.ChangeMember, err error) {
	if sent := b.Role.Change(); sent != nil {
		key, err := sent.key()
		if err != nil {
			return wanted, err
		}
		wanted.Role = &key
	}
	if sent := b.Permissions.Change(); sent != nil {
		list, err := readPermissions(*sent)
		if err != nil {
			return wanted, err
		}
		wanted.Permissions = &list
	}
	return wanted, nil
}

type removeInput struct {
	MemberPath
	transport.WriteHeaders
}

func remove(c *transport.Call, in *removeInput) (*transport.Written[member], error) {
	found, err := in.find(c)
	if err != nil {
		return nil, err
	}
	changed, err := c.ChangeMember(in.Write(), found.Workspace, func(m domain.Meta) domain.Command {
		return domain.RemoveMember{Meta: m, Workspace: found.Workspace, User: found.User}
	})
	if err == nil && len(changed.Result.Types) == 0 {
		err = projections.ErrNotFound // it was removed before
	}
	return answer(c, changed, err)
}

// change runs a command on a member and returns its answer.
func change(c *transport.Call, w *transport.Write, command func(domain.Meta) domain.Command) (*transport.Written[member], error) {
	changed, err := c.ChangeMember(w, c.Workspace(), command)
	return answer(c, changed, err)
}

func answer(c *transport.Call, changed transport.Changed, err error) (*transport.Written[member], error) {
	if err != nil {
		return nil, err
	}
	shown, err := newViewer(c).show(&changed.Member)
	return transport.Wrote(changed.Result, "", changed.Version, shown), err
}
