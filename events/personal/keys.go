package personal

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// The ways in which a key can be missing.
var (
	// ErrErased: the key was destroyed, because the person was erased.
	ErrErased = errors.New("the person was erased")
	// ErrUnknownKey: there is no such key and never was one here. It says nothing about the
	// person, so it must stop whatever needed the key.
	ErrUnknownKey = errors.New("a key of personal data is missing: restore the keys that belong to this log")
	// ErrReadOnly: the keys were opened for reading only.
	ErrReadOnly = errors.New("the keys of personal data were opened for reading only")
	// ErrClosed: the keys were closed.
	ErrClosed = errors.New("the keys of personal data are closed")
)

// Options say where the keys are.
type Options struct {
	// Dir is the data directory with the keys of an embedded server. It must exist, and
	// the caller has locked it.
	Dir string
	// Servers are the external servers with the keys. If it is set, Dir is not used.
	Servers *Servers
	// ReadOnly opens existing keys only. Nothing is written, and no file is made. Nothing can
	// be taken or destroyed.
	ReadOnly bool
	// MustExist refuses to make the keys if they are missing ([ErrMissing]): the log has events
	// that were sealed with them.
	MustExist bool
	// Cached bounds how many keys are held in memory. 0 is 65,536, which take about 6 MB.
	Cached int
	// Pool is how many keys are made at once at first. 0 is 1,024 in a file and 256 on
	// servers.
	Pool int
	// Logger gets the messages for operators.
	Logger *slog.Logger
	// Metrics gets the metrics; nil: nobody wants them.
	Metrics prometheus.Registerer
}

const cachedKeys = 1 << 16

// keeper keeps keys: in a file, or on external servers. Its methods are safe for concurrent use.
type keeper interface {
	// make returns new keys, which are durable. If some of them could not be made, it
	// returns the others and the error.
	make(ctx context.Context, count int) ([]Key, error)
	// spare returns keys that an earlier process has made and not handed out, if there are
	// many, about so many. Nobody gets them twice.
	spare(ctx context.Context, enough int) ([]Key, error)
	// giveBack keeps keys for the next call of spare, of whatever process.
	giveBack(ctx context.Context, keys []Key) error
	// find returns the key, [ErrErased] or [ErrUnknownKey].
	find(ctx context.Context, id KeyID) (Key, error)
	// destroy overwrites keys and leaves a mark in the place of each, also of those that it
	// does not have. It is durable when it returns.
	destroy(ctx context.Context, ids []KeyID) error
	// requestSecret returns the secret for hashes of requests, which was made with the first keys.
	requestSecret(ctx context.Context) ([secretSize]byte, error)
	// each calls f with every key, and with the ids of erased ones.
	each(ctx context.Context, f func(key Key, erased bool) error) error
	// restore adds a key, or the mark of an erased one. It never replaces a mark.
	restore(ctx context.Context, keys []Key, erased []KeyID) error
	// restoreSecret replaces the secret for hashes of requests.
	restoreSecret(ctx context.Context, secret [secretSize]byte) error
	// applied returns the end of the ledger that was last applied, as noteApplied was given it.
	applied(ctx context.Context) (Head, error)
	// noteApplied notes that everything in the ledger up to the end was applied.
	noteApplied(ctx context.Context, end Head) error
	close() error
}

// Keys are the keys of all people. It is safe for concurrent use.
type Keys struct {
	keeper   keeper
	readOnly bool
	logger   *slog.Logger
	metrics  *metrics

	mu      sync.Mutex
	hashKey [secretSize]byte
	cache   *recent
	erased  *lru.Cache[KeyID, struct{}] // destroyed lately, so that no late reply brings a key back
	age     uint64                      // changes when keys are forgotten

	pool pool
}

// Open opens the keys, or makes an empty store of keys. The first pool is made in the
// background.
func Open(ctx context.Context, o Options) (*Keys, error) {
	o.Cached = cmp.Or(o.Cached, cachedKeys)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	k := &Keys{readOnly: o.ReadOnly, logger: o.Logger, cache: newRecent(o.Cached / 2)}
	var err error
	if k.erased, err = lru.New[KeyID, struct{}](o.Cached); err != nil {
		return nil, err
	}
	if k.metrics, err = newMetrics(o.Metrics, k); err != nil {
		return nil, err
	}
	pool := o.Pool
	if o.Servers != nil {
		pool = cmp.Or(pool, streamPool)
		k.keeper, err = openKeys(ctx, o, k.Forget)
	} else {
		pool = cmp.Or(pool, filePool)
		k.keeper, err = openFile(ctx, o.Dir, o.ReadOnly, o.MustExist)
	}
	if err != nil {
		return nil, err
	}
	if k.hashKey, err = k.keeper.requestSecret(ctx); err != nil {
		return nil, errors.Join(err, k.keeper.close())
	}
	if !o.ReadOnly {
		if err := k.startPool(ctx, pool); err != nil {
			return nil, errors.Join(err, k.keeper.close())
		}
	}
	return k, nil
}

// Find returns the key with the id. The error is [ErrErased] if the key was destroyed, and
// [ErrUnknownKey] if there is no such key.
func (k *Keys) Find(ctx context.Context, id KeyID) (Key, error) {
	k.mu.Lock()
	key, ok := k.cache.get(id)
	erased := k.erased.Contains(id)
	age := k.age
	k.mu.Unlock()
	switch {
	case erased:
		return Key{}, ErrErased
	case ok:
		return key, nil
	}
	key, err := k.keeper.find(ctx, id)
	k.mu.Lock()
	defer k.mu.Unlock()
	if errors.Is(err, ErrErased) { // for good
		k.erased.Add(id, struct{}{})
	}
	if err != nil {
		return Key{}, err
	}
	if k.erased.Contains(id) { // destroyed while it was read
		return Key{}, ErrErased
	}
	if k.age == age {
		k.cache.add(key)
	}
	return key, nil
}

// Prefetch has keys in memory for which [Keys.Find] is about to be called one after the other, if they
// are on servers: there each takes round trips, which Prefetch makes for many at a time. What it cannot
// find is left to Find.
func (k *Keys) Prefetch(ctx context.Context, ids ...KeyID) {
	if _, far := k.keeper.(*stream); !far {
		return
	}
	wanted := make(map[KeyID]struct{})
	k.mu.Lock()
	for _, id := range ids {
		if !k.cache.contains(id) && !k.erased.Contains(id) {
			wanted[id] = struct{}{}
		}
	}
	k.mu.Unlock()
	_ = atOnce(ctx, slices.Collect(maps.Keys(wanted)), func(ctx context.Context, id KeyID) error {
		_, err := k.Find(ctx, id)
		if errors.Is(err, ErrErased) || errors.Is(err, ErrUnknownKey) {
			err = nil // the others may be there
		}
		return err
	})
}

// Destroy destroys the keys. When it returns nil they are gone for good, and [Keys.Find] returns
// [ErrErased] for them. Destroying a key again does nothing. A key that is not here gets the
// same mark, so that it cannot come back from a backup.
//
// Other nodes that share the keys may have a destroyed key in memory until they get the message
// that it is gone. This process keeps none that it could reach, but Go does not promise that
// memory which was freed is overwritten.
func (k *Keys) Destroy(ctx context.Context, ids ...KeyID) error {
	if k.readOnly {
		return ErrReadOnly
	}
	if len(ids) == 0 {
		return nil
	}
	if err := k.keeper.destroy(ctx, ids); err != nil {
		return err
	}
	k.Forget(ids...)
	k.metrics.destroyed.Add(float64(len(ids)))
	return nil
}

// Forget drops keys from memory that were destroyed, by whatever node. From then on [Keys.Find]
// returns [ErrErased] for them.
func (k *Keys) Forget(ids ...KeyID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.age++
	for _, id := range ids {
		k.cache.remove(id)
		k.erased.Add(id, struct{}{})
	}
}

// RequestHash returns the HMAC-SHA-256 of a request under a secret that is kept with the keys.
// A plain hash of a request with an address in it would let anybody who has the hash try
// addresses until one fits.
func (k *Keys) RequestHash(request []byte) [sha256.Size]byte {
	h := hmac.New(sha256.New, k.RequestSecret())
	h.Write(request)
	return [sha256.Size]byte(h.Sum(nil))
}

// ID names the store of keys. It is made from the secret of [Keys.RequestHash], so that it goes
// with the keys into a backup and back, and says nothing about it.
func (k *Keys) ID() string { return IDOf(k.RequestSecret()) }

// IDOf returns the [Keys.ID] of the keys with that secret for hashes of requests.
func IDOf(requestSecret []byte) string {
	sum := sha256.Sum256(append([]byte("muster personal keys id 1"), requestSecret...))
	return hex.EncodeToString(sum[:16])
}

// Close keeps the keys that were not taken for the next process, and closes everything.
func (k *Keys) Close() error {
	return errors.Join(k.stopPool(), k.keeper.close())
}
