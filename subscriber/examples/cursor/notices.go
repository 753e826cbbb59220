package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "github.com/mattn/go-sqlite3"

	"github.com/muster-dev/muster/subscriber"
)

// notices is the database: the work that was done, and how far it has come.
type notices struct{ db *sql.DB }

const tables = `
CREATE TABLE IF NOT EXISTS cursor (
	only     INTEGER PRIMARY KEY CHECK (only = 1),
	position TEXT NOT NULL             -- of the last event that was handled
);
CREATE TABLE IF NOT EXISTS notice (
	id      INTEGER PRIMARY KEY,
	user_id TEXT NOT NULL,
	text    TEXT NOT NULL
);`

// openNotices opens the database, and makes it if there is none. Transactions take the lock
// of the writer when they begin, so that what they read is still so when they write. They
// are on the disk when they have been committed.
func openNotices(file string) (*notices, error) {
	db, err := sql.Open("sqlite3", "file:"+file+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_busy_timeout=5000")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(tables); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), db.Close())
	}
	return &notices{db}, nil
}

func (n *notices) close() error { return n.db.Close() }

// row is a database or a transaction.
type row interface {
	QueryRowContext(ctx context.Context, query string, arguments ...any) *sql.Row
}

// position returns the position of the last event that was handled: the zero one if there
// was none.
func position(ctx context.Context, from row) (subscriber.Position, error) {
	var text string
	err := from.QueryRowContext(ctx, "SELECT position FROM cursor").Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return subscriber.Position{}, nil
	}
	if err != nil {
		return subscriber.Position{}, err
	}
	return subscriber.ParsePosition(text)
}

// handle handles the events, in one transaction with the new position. Events that were
// handled before are skipped: a webhook that Muster repeats brings them again. Either all of
// it is done or nothing.
func (n *notices) handle(ctx context.Context, events []subscriber.Event) error {
	tx, err := n.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	last, err := position(ctx, tx)
	if err != nil {
		return err
	}
	for _, event := range events {
		if event.Position.Compare(last) <= 0 {
			continue
		}
		if err := note(ctx, tx, event); err != nil {
			return fmt.Errorf("event %v: %w", event.Position, err)
		}
		last = event.Position
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO cursor VALUES (1, ?) ON CONFLICT DO UPDATE SET position = excluded.position", last.String()); err != nil {
		return err
	}
	return tx.Commit()
}

// note queues the notice about an event.
func note(ctx context.Context, tx *sql.Tx, event subscriber.Event) error {
	if !strings.HasPrefix(event.Type, "muster.member.") {
		return nil // a subscription without types brings every event
	}
	text := fmt.Sprintf("%s in workspace %s (%s)", event.Type, event.WorkspaceID, event.ID)
	_, err := tx.ExecContext(ctx, "INSERT INTO notice (user_id, text) VALUES (?, ?)", event.UserID, text)
	return err
}
