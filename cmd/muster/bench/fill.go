package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// members is how many members there are in the workspace that is read from.
const members = 1000

// fill makes the organization that is used, and a token for it.
func (b *bench) fill(ctx context.Context) error {
	b.org, b.ws, b.owner = node.NewID[domain.OrganizationID](), node.NewID[domain.WorkspaceID](), node.NewID[domain.UserID]()
	meta := b.meta()
	commands := []domain.Command{
		domain.CreateOrganization{Meta: meta, Name: "Bench", Owner: b.owner, Profile: domain.ProfileFacts{Email: "owner@example.com"}},
		domain.CreateWorkspace{Meta: meta, Workspace: b.ws, Name: "Bench", Owner: b.owner, Membership: node.NewID[domain.MembershipID]()},
	}
	for _, c := range commands {
		if _, err := b.node.Log.Run(ctx, c); err != nil {
			return err
		}
	}
	var wg sync.WaitGroup
	errs := make([]error, 64)
	for i := range errs {
		wg.Go(func() {
			for n := i; n < members && errs[i] == nil; n += len(errs) {
				errs[i] = b.add(ctx, domain.ProfileFacts{
					Email: fmt.Sprintf("person%d@example.com", n), Name: domain.PersonName{First: "Person", Last: fmt.Sprint(n)},
				})
			}
		})
	}
	wg.Wait()
	var issued client.IssuedToken
	body := map[string]any{"name": "bench", "scopes": []string{"all:all"}}
	errs = append(errs, b.api.Call(ctx, http.MethodPost, "/v1/organizations/"+b.org.String()+"/tokens", body, &issued))
	b.token = terminal.OrEmpty(issued.Secret)
	return errors.Join(errs...)
}

func (b *bench) meta() domain.Meta {
	return domain.Meta{
		ID: node.NewID[domain.CommandID](), Organization: b.org,
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "bench", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
	}
}

// add runs one durable command in this process and waits until it can be read.
func (b *bench) add(ctx context.Context, profile ...domain.ProfileFacts) error {
	result, err := b.node.Log.Run(ctx, b.addition(profile...))
	if err != nil {
		return err
	}
	return b.node.Models.WaitFor(ctx, result.Position)
}

// append runs one durable command in this process and does not wait until it can be
// read.
func (b *bench) append(ctx context.Context, profile ...domain.ProfileFacts) error {
	_, err := b.node.Log.Run(ctx, b.addition(profile...))
	return err
}

func (b *bench) addition(profile ...domain.ProfileFacts) domain.AddMember {
	c := domain.AddMember{
		Meta: b.meta(), Workspace: b.ws, User: node.NewID[domain.UserID](), Terms: domain.Terms{Role: domain.RoleEditor}, Membership: node.NewID[domain.MembershipID](),
	}
	if len(profile) > 0 {
		c.Profile = new(profile[0].Patch())
	}
	return c
}
