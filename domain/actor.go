package domain

import "time"

// ActorKind says what kind of actor somebody is.
type ActorKind string

// The kinds of actors.
const (
	ActorUser   ActorKind = "user"   // a person, through a token bound to them or a JWT
	ActorToken  ActorKind = "token"  // a program, through a token that is bound to no person
	ActorSystem ActorKind = "system" // the operator: the root token, or Muster itself
)

// Actor is who a command is done by. The transport checks what a token may ask for
// (its scopes). The domain checks what the person behind the token may do.
type Actor struct {
	Kind ActorKind
	// ID is the user's id, the token's id, or "root" and "muster" for the system.
	ID string
	// User is the person whose role decides. It is zero for a program, which acts at
	// the highest level, within its scopes.
	User UserID
	// Credential is what the actor's token may be used for. The actor cannot issue a
	// token that may be used for more.
	Credential Credential
}

// Credential is what a token may be used for.
type Credential struct {
	Scopes    Scopes
	Workspace WorkspaceID // zero: every workspace of the organization
	ExpiresAt time.Time   // zero: never
}
