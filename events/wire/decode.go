package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/muster-dev/muster/domain"
)

// Decode reads a CloudEvent that [Encode] wrote. It does not ignore attributes or data
// that this version does not know, but returns an error. [ErrUnknownType] and
// [ErrUnknownSchema] mean that a newer version wrote the event. An event without a
// dataschema was written before there was one. The entry keeps the slice.
func Decode(stored []byte) (Entry, Position, error) {
	var usual Entry
	if q := (quick{b: stored, ok: true}); q.event(&usual) && len(q.b) == 0 {
		return usual, q.at, nil
	}
	return decode(stored)
}

// decode is Decode for what is not written exactly as [Encode] writes it.
func decode(stored []byte) (Entry, Position, error) {
	var ce cloudEvent
	if err := json.Unmarshal(stored, &ce, strict); err != nil {
		return Entry{}, Position{}, fmt.Errorf("decoding a CloudEvent: %w", err)
	}
	fail := func(err error) (Entry, Position, error) {
		return Entry{}, ce.Sequence, fmt.Errorf("event %s at %s, %.80q schema %d: %w", ce.ID, ce.Sequence, ce.Type, ce.Schema, err)
	}
	if ce.SpecVersion != specVersion {
		return fail(fmt.Errorf("CloudEvents %.20q, not %s", ce.SpecVersion, specVersion))
	}
	c, ok := codecs[ce.Type]
	if !ok {
		return fail(ErrUnknownType)
	}
	if ce.Schema != c.schema {
		return fail(ErrUnknownSchema)
	}
	if ce.DataSchema != nil && *ce.DataSchema != c.dataSchema {
		return fail(fmt.Errorf("the dataschema is %.80q, not %s: %w", *ce.DataSchema, c.dataSchema, ErrUnknownSchema))
	}
	event, err := c.decode(ce.Data, domain.About{Organization: ce.OrganizationID, Workspace: ce.WorkspaceID, User: ce.UserID})
	if err != nil {
		return fail(err)
	}
	actor := domain.Actor{Kind: ce.AuthType, ID: ce.AuthID}
	if actor.Kind == domain.ActorUser {
		if err = actor.User.UnmarshalText([]byte(actor.ID)); err != nil {
			return fail(err)
		}
	}
	return Entry{
		Recorded: domain.Recorded{
			ID: ce.ID, Event: event, Number: ce.Sequence.Number, Time: ce.Time.Time,
			Actor: actor, OnBehalfOf: ce.OnBehalfOf, Command: ce.CommandID, Request: ce.RequestHash,
			Cause: ce.CausationID, Reason: ce.Reason,
		},
		Stored: stored,
	}, ce.Sequence, nil
}
