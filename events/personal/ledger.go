package personal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
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

// append appends the erasure as the next line, without a newline.
func (h Head) append(b []byte, e Erasure) ([]byte, Head, error) {
	next := line{Number: h.Lines + 1, Erasure: e}
	text, err := json.Marshal(next)
	if err != nil {
		return b, h, err
	}
	next.Link = h.link(text)
	b = append(b, text[:len(text)-1]...) // without the brace
	return next.appendLink(b), Head{next.Number, next.Link}, nil
}

// appendLink appends the end of the line.
func (l line) appendLink(b []byte) []byte {
	return append(hex.AppendEncode(append(b, linkField...), l.Link[:]), `"}`...)
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
	at := len(text) - len(linkField) - 2*len(l.Link) - len(`"}`)
	if at < 0 || l.Number != h.Lines+1 {
		return Erasure{}, h, damaged
	}
	l.Link = h.link(append(bytes.Clone(text[:at]), '}'))
	// Hexadecimal digits can be written in two ways, so the bytes are compared.
	if !bytes.Equal(text[at:], l.appendLink(nil)) {
		return Erasure{}, h, damaged
	}
	return l.Erasure, Head{l.Number, l.Link}, nil
}

// damaged reads the keys in a line that next refuses, as far as that is possible. It takes the line's word
// for where the ledger goes on.
func (h Head) damaged(text []byte) (keys []KeyID, at Head) {
	var l struct {
		Number uint64      `json:"number"`
		Keys   []string    `json:"keys"`
		Link   domain.Hash `json:"link"`
	}
	if at = (Head{Lines: h.Lines + 1}); json.Unmarshal(text, &l) == nil {
		at = Head{l.Number, l.Link}
	}
	for _, key := range l.Keys { // those before what cannot be read are there
		var id KeyID
		if id.UnmarshalText([]byte(key)) == nil {
			keys = append(keys, id)
		}
	}
	return keys, at
}

// Ledger lists all erasures in the order in which they were begun. It is append-only, and it must
// outlive every backup: restoring a backup needs it to erase again who was erased since. So it
// is kept apart from backups: in the file DATA/erasure-ledger, or in the stream MUSTER_ERASURES of
// external servers, with a message for each line.
//
// Each line is a JSON object, the next [Erasure] with its number and a link of a chain of
// SHA-256 hashes:
//
//	{"number":1,"organization":"…","user":"…","keys":["…"],"time":"…","position":"3-1042","link":"64 hex digits"}
//
// A link is the SHA-256 of the link before (32 zero bytes at the beginning) and of the line without
// its field link and without its newline. So a line that was changed, dropped or inserted is
// noticed when the ledger is read. Lines that are missing at the end are not: compare the ledger with
// an older copy of it.
//
// It is safe for concurrent use.
type Ledger struct {
	shelf shelf

	mu    sync.Mutex
	read  Head               // how far the ledger was read
	noted map[KeyID]struct{} // the keys in what was read
}

// shelf is where a ledger is.
type shelf interface {
	// append adds the erasure, if the ledger ends there, and returns its new end when that is durable.
	// If the ledger ends elsewhere, the error is errMoved.
	append(ctx context.Context, end Head, e Erasure) (Head, error)
	// each calls f with each line after the number, without its newline, until f returns false.
	each(ctx context.Context, after uint64, f func(text []byte) (bool, error)) error
	// head returns where the ledger ends. It trusts the last line.
	head(ctx context.Context) (Head, error)
	close() error
}

// errMoved reports that a ledger has lines that were not read yet.
var errMoved = errors.New("the erasure ledger has other lines at its end")

// Append adds an erasure. It is durable when Append returns nil. An erasure all keys of which are
// listed already is not added again: it is tried again after every failure, and by every node.
func (l *Ledger) Append(ctx context.Context, e Erasure) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.lists(e.Keys) {
		end, err := l.shelf.append(ctx, l.read, e)
		if err == nil {
			l.note(end, e)
			return nil
		}
		if errors.Is(err, errMoved) {
			err = l.catchUp(ctx)
		}
		if err != nil {
			return fmt.Errorf("writing to the erasure ledger: %w", err)
		}
	}
	return nil
}

// lists reports whether what was read lists all keys.
func (l *Ledger) lists(keys []KeyID) bool {
	return len(keys) > 0 && !slices.ContainsFunc(keys, func(id KeyID) bool { _, noted := l.noted[id]; return !noted })
}

func (l *Ledger) note(end Head, e Erasure) {
	if l.noted == nil {
		l.noted = make(map[KeyID]struct{})
	}
	for _, id := range e.Keys {
		l.noted[id] = struct{}{}
	}
	l.read = end
}

// catchUp reads what was added since. Damage is no reason not to note an erasure: whoever reads the
// whole ledger finds it.
func (l *Ledger) catchUp(ctx context.Context) error {
	err := l.shelf.each(ctx, l.read.Lines, func(text []byte) (bool, error) {
		e, end, err := l.read.next(text)
		if err == nil {
			l.note(end, e)
		}
		return true, err
	})
	if errors.Is(err, ErrDamagedLedger) {
		l.read, err = l.shelf.head(ctx)
	}
	return err
}

// walk calls f with each line in order, what it says, and where the ledger ends with it, until f returns
// false. It checks the chain, and ends with an error where the ledger is damaged.
func (l *Ledger) walk(ctx context.Context, f func(text []byte, e Erasure, at Head) (more bool, err error)) error {
	at := Head{}
	return l.shelf.each(ctx, 0, func(text []byte) (more bool, err error) {
		var e Erasure
		if e, at, err = at.next(text); err != nil {
			return false, err
		}
		return f(text, e, at)
	})
}

// All returns all erasures in order. It checks the chain, and ends with an error where the ledger
// is damaged.
func (l *Ledger) All(ctx context.Context) iter.Seq2[Erasure, error] {
	return func(yield func(Erasure, error) bool) {
		err := l.walk(ctx, func(_ []byte, e Erasure, _ Head) (bool, error) { return yield(e, nil), nil })
		if err != nil {
			yield(Erasure{}, fmt.Errorf("reading the erasure ledger: %w", err))
		}
	}
}

// Export writes the ledger as a file that [ReadLedger] reads. It checks the chain.
func (l *Ledger) Export(ctx context.Context, w io.Writer) error {
	err := l.walk(ctx, func(text []byte, _ Erasure, _ Head) (bool, error) {
		_, err := w.Write(append(bytes.Clone(text), '\n'))
		return true, err
	})
	if err != nil {
		return fmt.Errorf("exporting the erasure ledger: %w", err)
	}
	return nil
}

// Close closes the ledger.
func (l *Ledger) Close() error { return l.shelf.close() }

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
