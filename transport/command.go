package transport

import (
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/transport/ids"
)

// Do runs a command for the organization: it is decided and its events are written. With
// [Write.ValidateOnly] it is only decided. The function command makes it from the
// [domain.Meta] of the request. An organization that the token does not reach is not
// found.
//
// When Do returns, the events are durable, and the read models may not show them yet.
// Queries wait for that: see [Call.awaitShown]. If the command was refused, they show the
// reason: a client that learns that a user is already a member can find that member. The
// errors are those of packages domain and events.
func (c *Call) Do(w *Write, org domain.OrganizationID, command func(domain.Meta) domain.Command) (Result, error) {
	if err := c.CheckOrganization(org); err != nil {
		return Result{}, err
	}
	return c.run(w, command(c.meta(w, org)))
}

// DoInWorkspace is [Call.Do] for a command on a workspace. The command itself finds out
// whether the workspace exists.
func (c *Call) DoInWorkspace(w *Write, ws domain.WorkspaceID, command func(domain.Meta) domain.Command) (Result, error) {
	org, err := c.OrganizationOf(ws)
	if err != nil {
		return Result{}, err
	}
	return c.run(w, command(c.meta(w, org)))
}

// Perform runs a command whose Meta the caller has made. It is for requests that carry no
// token.
func (c *Call) Perform(command domain.Command) (Result, error) {
	return c.run(new(Write), command)
}

func (c *Call) run(w *Write, command domain.Command) (Result, error) {
	if w.ValidateOnly {
		tried, err := c.Log().Try(c, command)
		if err == nil {
			err = c.mayShow(command, tried)
		}
		return Result{tried, true}, err
	}
	done, err := c.Log().Run(c, command)
	if err == nil {
		err = c.mayShow(command, done)
	}
	return Result{done, false}, err
}

// mayShow refuses to show the first answer to a command again to somebody who can no longer
// read anything, because they were suspended or have left since. They still see what was
// about themselves, such as the answer to their leaving.
func (c *Call) mayShow(command domain.Command, r events.Result) error {
	m := command.Metadata()
	user := m.OnBehalfOf
	if user.IsZero() {
		user = m.Actor.User
	}
	if _, revokes := command.(domain.RevokeToken); !r.Replayed || revokes || r.Target.ID == user {
		return nil
	}
	if err := c.awaitShown(events.AllEvents, m.Organization); err != nil {
		return err
	}
	return c.engine.auth.UserMayRead(m.Organization, user)
}

// meta returns what the command takes over from the request.
func (c *Call) meta(w *Write, org domain.OrganizationID) domain.Meta {
	return domain.Meta{
		ID: c.KeyedID("command", w), Organization: org, Actor: c.bearer.Actor, OnBehalfOf: w.OnBehalfOf,
		Request: w.Request, Reason: w.Reason, If: w.If,
	}
}

// KeyedID returns the id of something that a request makes. A retry with the same
// idempotency key must get the same id, so the id is derived from the token, the purpose
// and the key. Without a key it is a new id.
func (c *Call) KeyedID(purpose string, w *Write) [16]byte {
	if w.Key == "" {
		return c.NewID()
	}
	return ids.Derived(purpose, c.bearer.Identity.String(), w.Key)
}
