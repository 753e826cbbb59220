package domain

import "time"

// ActorKind says what an actor is.
type ActorKind string

// The kinds of actors.
const (
	ActorUser   ActorKind = "user"   // a person, through a token bound to them or a JWT
	ActorToken  ActorKind = "token"  // a program, through a token bound to nobody
	ActorSystem ActorKind = "system" // the operator: the root token, or Muster itself
)

// Actor is who a command is done by. What a token may ask for at all (its
// scopes) is the transport's business; what the person behind it may do is the
// domain's.
type Actor struct {
	Kind ActorKind
	// ID is the user's id, the token's id, or "root" and "muster" for the system.
	ID string
	// User is the person whose role decides. Zero for a program: it acts at
	// the highest level, as far as its scopes reach.
	User UserID
	// Credential is what the actor came with; it bounds the tokens that the actor
	// may issue.
	Credential Credential
}

// Credential is what a token may be used for.
type Credential struct {
	Scopes    Scopes
	Workspace WorkspaceID // zero: every workspace of the organization
	ExpiresAt time.Time   // zero: never
}
