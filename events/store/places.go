package store

import (
	"errors"
	"io"
	"sync"

	"github.com/muster-dev/muster/events/block"
)

// places are where the messages are that were read last, because most reads go on where
// another one has ended. Without that each read would begin with the first message of a
// block. It is safe for concurrent use. A nil *places remembers nothing.
type places struct {
	mu   sync.Mutex
	last [32]block.Place // with a sequence of 0 where there is none
	next int             // the one to replace
}

// nearBy is how many messages are skipped rather than searched.
const nearBy = 64

func (p *places) remember(all ...block.Place) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, place := range all {
		if place.Sequence != 0 {
			p.last[p.next] = place
			p.next = (p.next + 1) % len(p.last)
		}
	}
}

// before returns the place of the message or of one shortly before it. It reports false if
// none is known.
func (p *places) before(sequence uint64) (nearest block.Place, known bool) {
	if p == nil {
		return block.Place{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, place := range p.last {
		if place.Sequence > nearest.Sequence && place.Sequence <= sequence {
			nearest = place
		}
	}
	return nearest, nearest.Sequence != 0 && sequence-nearest.Sequence < nearBy
}

// read returns a reader of the messages from the sequence on.
func (p *places) read(s block.Stream, from uint64) (*block.Reader, error) {
	place, known := p.before(from)
	if !known {
		return s.Read(from)
	}
	r, err := s.ReadAt(place)
	if err != nil {
		return nil, err
	}
	for err == nil && r.Last()+1 < from {
		_, err = r.Next()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}
