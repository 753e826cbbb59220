package transport

import (
	"errors"
	"sync"

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

	mu       sync.RWMutex
	bySecret map[domain.Hash]remembered
}

type remembered struct {
	*bearer
	partition int
	revoked   uint64 // see [projections.ReadModels.Revoked]
}

func newBearers(log *events.Log, models *projections.ReadModels) *bearers {
	return &bearers{log: log, models: models, bySecret: make(map[domain.Hash]remembered)}
}

// find answers who the token with that text and hash stands for.
func (s *bearers) find(secret domain.Hash, text string) (*bearer, error) {
	s.mu.RLock()
	known, ok := s.bySecret[secret]
	s.mu.RUnlock()
	if ok && s.models.Revoked(known.partition) == known.revoked {
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
	s.remember(secret, found)
	return found.bearer, nil
}

func (s *bearers) remember(secret domain.Hash, found remembered) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bySecret) >= maxBearers {
		for other := range s.bySecret { // any one
			delete(s.bySecret, other)
			break
		}
	}
	s.bySecret[secret] = found
}
