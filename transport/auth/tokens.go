package auth

import (
	"errors"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

// maxBearers is the number of tokens that are remembered, and also of JWTs.
const maxBearers = 10_000

// tokens looks up Muster's own tokens and remembers those that were seen lately. A
// remembered token is used only while the read models have applied no revocation
// since. So a node refuses a revoked token as soon as its reads show the revocation.
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
func (t *tokens) find(secret domain.Hash, text string) (*Bearer, error) {
	if known, ok := t.bySecret.Get(secret); ok && t.models.Revoked(known.partition) == known.revoked {
		return known.Bearer, nil
	}
	if !IsToken(text) {
		return nil, ErrInvalidToken // not worth a query
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
