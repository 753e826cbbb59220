package events

import (
	"context"
	"fmt"

	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
)

// KeysFound says what [Log.CheckKeys] has found.
type KeysFound struct {
	Keys, Erased uint64 // keys, and marks of erased ones
	None         bool   // there are none, and the log has none
	Erasures     uint64 // lines of the erasure ledger
	NoLedger     bool   // there is none
	Ledger       error  // what is wrong with the ledger
}

// CheckKeys reads the keys of people and the erasure ledger of a log that is open for reading only.
// The error says what is wrong with the keys: they are damaged, not there, or not those of the log.
func (l *Log) CheckKeys(ctx context.Context) (f KeysFound, err error) {
	if l.profiles.missing != nil {
		return f, l.profiles.missing
	}
	home, named, err := l.store.HomeID(ctx)
	if err != nil {
		return f, err
	}
	keys := l.profiles.keys
	var applied personal.Head
	if f.Keys, f.Erased, applied, err = keys.Check(ctx); err != nil {
		return f, err
	}
	f.None = !named && f.Keys+f.Erased == 0
	if named && home != keys.ID() {
		err = fmt.Errorf("%w: they are missing, or another log's, or damaged", store.ErrOtherKeys)
	}
	var end personal.Head
	var found bool
	if l.store.Embedded() {
		end, found, f.Ledger = personal.CheckLedger(ctx, l.store.Dir(), applied)
	} else {
		end, found, f.Ledger = personal.CheckLedgerStream(ctx, personal.Servers{JS: l.store.JS, Beside: l.store.Beside}, applied)
	}
	f.NoLedger = !found
	f.Erasures = end.Lines
	return f, err
}
