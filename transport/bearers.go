package transport

import (
	"errors"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

// maxBearers bounds how many tokens are remembered.
const maxBearers = 10_000

// bearers remembers the tokens that were seen lately. What is remembered counts
// only as long as the read models have applied no revocation since: so a revoked
// token opens nothing on a node as soon as the node's reads show it to be revoked.
type bearers struct {
	log    *events.Log
	models *projections.ReadModels

	bySecret *lru.Cache[domain.Hash, remembered]
}

type remembered struct {
	*bearer
	partition int
	revoked   uint64 // see [projections.ReadModels.Revoked]
}

func newBearers(log *events.Log, models *projections.ReadModels) *bearers {
	return &bearers{log: log, models: models, bySecret: newMemory[domain.Hash, remembered](maxBearers)}
}

// find answers who the token with that text and hash stands for.
func (s *bearers) find(secret domain.Hash, text string) (*bearer, error) {
	if known, ok := s.bySecret.Get(secret); ok && s.models.Revoked(known.partition) == known.revoked {
		return known.bearer, nil
	}
	if !isTokenText(text) {
		return nil, badToken() // noise: not worth a look
	}
	return s.lookUp(secret)
}

func (s *bearers) lookUp(secret domain.Hash) (*bearer, error) {
	revoked := make([]uint64, s.log.Partitions())
	for i := range revoked {
		revoked[i] = s.models.Revoked(i) // before the lookup: what is revoked meanwhile is seen later
	}
	token, err := s.models.TokenBySecret(secret)
	switch {
	case errors.Is(err, projections.ErrNotFound), err == nil && !token.RevokedAt.IsZero():
		return nil, badToken()
	case err != nil:
		return nil, err
	}
	found := remembered{bearer: bearerOf(&token), partition: s.log.Partition(token.Organization)}
	if secret != token.Secret {
		found.until = token.FormerUntil
	}
	found.revoked = revoked[found.partition]
	s.bySecret.Add(secret, found)
	return found.bearer, nil
}

// newMemory is a map that forgets what was used least recently, where it would come
// to hold more.
func newMemory[K comparable, V any](most int) *lru.Cache[K, V] {
	memory, _ := lru.New[K, V](most) // errs only on a size below 1
	return memory
}
