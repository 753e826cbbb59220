package personal

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
)

// CatchUp destroys the keys that the ledger lists and that these keys may still have, because an
// older copy of them was put back. The keys say how far the ledger was applied to them, so nothing
// is done at most starts, and otherwise only what is new. A ledger that does not have what was
// applied was set back, or is another one. It is applied, too, but nothing is noted, so that
// each start says so and [CheckLedger] finds it until the right one is there. It is the same with one that
// is found to be damaged, of which every line is applied that can still be read.
func (k *Keys) CatchUp(ctx context.Context, l *Ledger) error {
	if k.readOnly {
		return ErrReadOnly
	}
	applied, err := k.keeper.applied(ctx) // before the end, because another node may note a later one
	if err != nil {
		return fmt.Errorf("reading how far the erasure ledger was applied: %w", err)
	}
	end, err := l.shelf.head(ctx)
	if err != nil {
		return fmt.Errorf("reading the erasure ledger: %w", err)
	}
	if applied == end {
		return nil
	}
	ids, found, damage, err := listedAfter(ctx, l, applied)
	if err != nil {
		return err
	}
	const atOnce = 1000
	for len(ids) > 0 {
		n := min(atOnce, len(ids))
		if err := k.Destroy(ctx, ids[:n]...); err != nil {
			return fmt.Errorf("destroying keys that the erasure ledger lists: %w", err)
		}
		ids = ids[n:]
	}
	if damage != nil {
		k.logger.Error("the erasure ledger is damaged: mend it, because a restore needs it; what can be read of it was applied",
			slog.Any("error", damage))
		return nil
	}
	if err := continues(applied, end, found); err != nil {
		k.logger.Error("the erasure ledger is not the one that was applied before: put the newest one back, because it lists who must stay erased after a restore",
			slog.Any("error", err))
		return nil
	}
	return k.keeper.noteApplied(ctx, end)
}

// listedAfter returns the keys in the lines after the one that the head is of. If that is not a line of
// this ledger, it reports false, and returns all keys. It goes on after a line that is damaged: what is in
// it and behind it may list somebody, and no other line does.
func listedAfter(ctx context.Context, l *Ledger, applied Head) (ids []KeyID, found bool, damage, err error) {
	found = applied == Head{}
	at := Head{}
	err = l.shelf.each(ctx, 0, func(text []byte) (bool, error) {
		e, next, err := at.next(text)
		if err != nil {
			e.Keys, next = at.damaged(text)
			damage = cmp.Or(damage, err)
		}
		if at, ids = next, append(ids, e.Keys...); at == applied {
			ids, found = ids[:0], true
		}
		return true, nil
	})
	if errors.Is(err, ErrDamagedLedger) {
		damage, err = cmp.Or(damage, err), nil
	}
	if err != nil {
		return nil, false, nil, fmt.Errorf("reading the erasure ledger: %w", err)
	}
	return ids, found, damage, nil
}

// continues returns an error if the ledger that ends there does not have the line up to which one was
// applied to the keys.
func continues(applied, end Head, found bool) error {
	switch {
	case found:
		return nil
	case end.Lines < applied.Lines:
		return fmt.Errorf("it has %d lines, and %d were applied to the keys: put the newer one back", end.Lines, applied.Lines)
	default:
		return fmt.Errorf("its line %d is not the one that was applied to the keys: it is another ledger; put the one of these keys back", applied.Lines)
	}
}

// appliedTable has one row: how far the erasure ledger was applied. A file of an older version has no
// such table until there is something to note.
const appliedTable = `CREATE TABLE IF NOT EXISTS applied (only INTEGER PRIMARY KEY CHECK (only = 1), head BLOB NOT NULL)`

func (f *file) applied(ctx context.Context) (head Head, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var tables int
	if err := f.conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'applied'").Scan(&tables); err != nil || tables == 0 {
		return head, f.failed(err)
	}
	var found []byte
	err = f.conn.QueryRowContext(ctx, "SELECT head FROM applied").Scan(&found)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return head, nil
	case err == nil && len(found) != 8+len(head.Link):
		err = ErrDamagedFile
	}
	if err != nil {
		return head, f.failed(err)
	}
	return Head{binary.BigEndian.Uint64(found), domain.Hash(found[8:])}, nil
}

func (f *file) noteApplied(ctx context.Context, end Head) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed(f.together(ctx, func() error {
		_, err := f.conn.ExecContext(ctx, appliedTable)
		if err == nil {
			_, err = f.conn.ExecContext(ctx, "INSERT OR REPLACE INTO applied VALUES (1, ?)", append(binary.BigEndian.AppendUint64(nil, end.Lines), end.Link[:]...))
		}
		return err
	}))
}

// appliedSubject is followed by the number of lines of the ledger that were applied and the link of
// the last one. What is noted first stays until something newer is there.
const appliedSubject = "muster.personal.applied."

func (s *stream) applied(ctx context.Context) (Head, error) {
	m, found, err := s.last(ctx, appliedSubject+">")
	if err != nil || !found {
		return Head{}, err
	}
	lines, link, _ := strings.Cut(strings.TrimPrefix(m.Subject, appliedSubject), ".")
	head := Head{}
	if head.Lines, err = strconv.ParseUint(lines, 10, 64); err == nil {
		_, err = hex.Decode(head.Link[:], []byte(link))
	}
	if err != nil || len(link) != 2*len(head.Link) {
		return Head{}, nil //nolint:nilerr // then all of the ledger is applied again
	}
	return head, nil
}

func (s *stream) noteApplied(ctx context.Context, end Head) error {
	subject := appliedSubject + strconv.FormatUint(end.Lines, 10) + "." + hex.EncodeToString(end.Link[:])
	before, found, err := s.last(ctx, appliedSubject+">")
	if err != nil || found && before.Subject == subject { // noted by another node
		return err
	}
	if _, err := s.first(ctx, subject, nil); err != nil || !found {
		return err
	}
	err = s.stream.DeleteMsg(ctx, before.Sequence)
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && api.Code == 404 || errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		err = nil // another node has deleted it
	}
	return err
}

func (none) applied(context.Context) (Head, error)   { return Head{}, nil }
func (none) noteApplied(context.Context, Head) error { return ErrReadOnly }
