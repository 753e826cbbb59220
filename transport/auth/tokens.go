package auth

import (
	"context"
	"errors"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

// maxBearers is the number of tokens that are remembered, and also of JWTs.
const maxBearers = 10_000

// patience is how long a request waits for the read models if they do not show yet what
// this node has acknowledged about tokens.
const patience = 2 * time.Second

// tokens looks up Muster's own tokens and remembers those that were seen lately. A
// remembered token is used only while no token of its partition has been revoked or rotated
// since. What this node has acknowledged counts at once: a request that needs the read
// models then waits until they show it.
type tokens struct {
	log    *events.Log
	models *projections.ReadModels

	bySecret *lru.Cache[domain.Hash, remembered]
}

type remembered struct {
	*Bearer
	partition int
	revoked   uint64 // see [projections.ReadModels.Revoked]
}

func newTokens(log *events.Log, models *projections.ReadModels) *tokens {
	return &tokens{log: log, models: models, bySecret: newMemory[domain.Hash, remembered](maxBearers)}
}

// find returns who the token with that text and hash stands for.
func (t *tokens) find(ctx context.Context, secret domain.Hash, text string) (*Bearer, error) {
	if known, ok := t.bySecret.Get(secret); ok && t.log.Shown(events.TokenEvents, known.Organization) && t.models.Revoked(known.partition) == known.revoked {
		return known.Bearer, nil
	}
	if !IsToken(text) {
		return nil, ErrInvalidToken // not worth a query
	}
	shown := t.log.Shown(events.TokenEvents, domain.OrganizationID{})
	found, err := t.lookUp(secret)
	if shown || err != nil && !errors.Is(err, ErrInvalidToken) {
		return found, err
	}
	var org domain.OrganizationID // of a token that is not found, any can be
	if found != nil {
		org = found.Organization
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := t.log.AwaitShown(ctx, events.TokenEvents, org); err != nil {
		return nil, err
	}
	return t.lookUp(secret)
}

func (t *tokens) lookUp(secret domain.Hash) (*Bearer, error) {
	// The revocations are read before the token, so that one that comes in between makes
	// the next request look again. The token's organization, and so its partition, is not
	// known yet.
	revoked := make([]uint64, t.log.Partitions())
	for i := range revoked {
		revoked[i] = t.models.Revoked(i)
	}
	token, err := t.models.TokenBySecret(secret)
	switch {
	case errors.Is(err, projections.ErrNotFound), err == nil && !token.RevokedAt.IsZero():
		return nil, ErrInvalidToken
	case err != nil:
		return nil, err
	}
	found := remembered{Bearer: tokenBearer(&token), partition: t.log.Partition(token.Organization)}
	if secret != token.Secret {
		found.until = token.FormerUntil
	}
	found.revoked = revoked[found.partition]
	t.bySecret.Add(secret, found)
	return found.Bearer, nil
}

// newMemory returns a cache that holds at most that many entries. When it is full it
// drops the entry that was used least recently.
func newMemory[K comparable, V any](most int) *lru.Cache[K, V] {
	memory, _ := lru.New[K, V](most) // fails only for a size below 1
	return memory
}
