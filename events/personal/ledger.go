package personal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/muster-dev/muster/domain"
)

// ErrDamagedLedger reports that a ledger was changed or cut, or is something else.
var ErrDamagedLedger = errors.New("the erasure ledger is damaged: lines were changed or are missing")

// Erasure is one line of the ledger. It holds no personal data: who is behind the ids is known
// only where a directory tells it.
type Erasure struct {
	Organization domain.OrganizationID `json:"organization"`
	User         domain.UserID         `json:"user"`
	Keys         []KeyID               `json:"keys"` // all keys that the person had
	Time         time.Time             `json:"time"` // of the event that asked for it
	// Position is that of the event that asked for it, like 3-1042.
	Position string `json:"position"`
}

// line is an Erasure with its link of the chain.
type line struct {
	Number uint64 `json:"number"` // from 1, without gaps
	Erasure
	// Link is the SHA-256 of the link before, which is 32 zero bytes at the beginning, and of
	// this line as it is without the link.
	Link domain.Hash `json:"link,omitzero"`
}

// Head is where a ledger ends.
type Head struct {
	Lines uint64
	Link  domain.Hash
}

// append appends the erasure as the next line, with a newline at its end.
func (h Head) append(b []byte, e Erasure) ([]byte, Head, error) {
	next := line{Number: h.Lines + 1, Erasure: e}
	text, err := json.Marshal(next)
	if err != nil {
		return b, h, fmt.Errorf("writing the erasure ledger: %w", err)
	}
	next.Link = h.link(text)
	b = append(b, text[:len(text)-1]...) // without the brace
	b = append(b, linkField...)
	b = append(hex.AppendEncode(b, next.Link[:]), '"', '}', '\n')
	return b, Head{next.Number, next.Link}, nil
}

const linkField = `,"link":"`

func (h Head) link(text []byte) domain.Hash {
	sum := sha256.New()
	sum.Write(h.Link[:])
	sum.Write(text)
	return domain.Hash(sum.Sum(nil))
}

// next reads the next line, which has no newline at its end.
func (h Head) next(text []byte) (Erasure, Head, error) {
	damaged := fmt.Errorf("line %d: %w", h.Lines+1, ErrDamagedLedger)
	var l line
	if json.Unmarshal(text, &l) != nil {
		return Erasure{}, h, damaged
	}
	at := bytes.LastIndex(text, []byte(linkField))
	if at < 0 || l.Number != h.Lines+1 {
		return Erasure{}, h, damaged
	}
	unlinked := append(bytes.Clone(text[:at]), '}')
	if h.link(unlinked) != l.Link {
		return Erasure{}, h, damaged
	}
	return l.Erasure, Head{l.Number, l.Link}, nil
}

// Apply destroys every key that the ledger lists, and has the marks of those that are not here.
func (k *Keys) Apply(ctx context.Context, l *Ledger) error {
	const atOnce = 1000
	var ids []KeyID
	flush := func() error {
		defer func() { ids = ids[:0] }()
		return k.Destroy(ctx, ids...)
	}
	for e, err := range l.All(ctx) {
		if err != nil {
			return err
		}
		if ids = append(ids, e.Keys...); len(ids) >= atOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
