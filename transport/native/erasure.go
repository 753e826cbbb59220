package native

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

// UserErasure is the erasure of a person's profile in an organization.
type UserErasure struct {
	User         domain.UserID         `json:"user_id" format:"uuid"`
	Organization domain.OrganizationID `json:"organization_id" format:"uuid"`
	State        string                `json:"state" enum:"requested,erased" doc:"requested: the profile reads as erased, and the key with which the log can be read is about to be destroyed. erased: the key is destroyed."`
	RequestedAt  transport.Time        `json:"requested_at"`
	ErasedAt     *transport.Time       `json:"erased_at" nullable:"true" doc:"null until the key is destroyed."`
}

// The states of an erasure.
const (
	erasureRequested = "requested"
	erasureDone      = "erased"
)

func showErasure(org domain.OrganizationID, user domain.UserID, e domain.Erasure) *UserErasure {
	shown := &UserErasure{User: user, Organization: org, State: erasureRequested, RequestedAt: transport.Time(e.RequestedAt)}
	if !e.Pending() {
		done := transport.Time(e.DoneAt)
		shown.State, shown.ErasedAt = erasureDone, &done
	}
	return shown
}

func erasureOperation() transport.Operation {
	return transport.Operation{
		ID: "erase-user", Method: http.MethodPost, Path: "/v1/organizations/{organization}/users/{user}/erase",
		Reach: transport.ReachOrganization, Scope: "users:erase", Tag: "Users",
		Summary:     "Erase a user",
		Description: "Forgets a person for good: their e-mail address, name and picture, in the directory, in every event and in every backup. With the response their profile is gone from everything that the API shows. Muster then destroys the key that the log needs to read it, and records that with the event muster.user.erased. The response is 202 until then, and 200 afterwards. Asking again is safe. Events about the person stay, with ids only. This cannot be undone. A person who still has a role, a membership or an invitation in the organization is refused with 409 user_belongs: remove them first. It takes an owner of the organization, or a token of the organization.",
		Document: func(op *huma.Operation, r huma.Registry) {
			content := func(state string, erasedAt any) map[string]*huma.MediaType {
				return map[string]*huma.MediaType{"application/json": {
					Schema: r.Schema(reflect.TypeFor[UserErasure](), true, ""),
					Example: map[string]any{
						"user_id": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10", "organization_id": "019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53",
						"state": state, "requested_at": "2026-03-05T23:09:47.281Z", "erased_at": erasedAt,
					},
				}}
			}
			op.Responses = map[string]*huma.Response{
				"200": {Description: "The key is destroyed", Content: content(erasureDone, "2026-03-05T23:09:47.294Z")},
				"202": {Description: "The profile is gone, and the key is being destroyed", Content: content(erasureRequested, nil)},
			}
		},
		Do: transport.Command(eraseUser),
	}
}

type eraseUserInput struct {
	OrganizationUserPath
	transport.WriteHeaders
}

func eraseUser(c *transport.Call, in *eraseUserInput) (*transport.Written[UserErasure], error) {
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.RequestErasure{Meta: m, User: in.User}
	})
	if err != nil {
		return nil, err
	}
	e, version := result.State.Erasure(in.Organization, in.User)
	out := transport.Wrote(result, "", version, showErasure(in.Organization, in.User, e))
	if e.Pending() {
		out.Status = http.StatusAccepted
	}
	return out, nil
}
