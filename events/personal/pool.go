package personal

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// The number of keys that are made at once by default. A file is flushed once for all of them, and
// a single server flushes each.
const (
	filePool   = 1024
	streamPool = 256
)

// growth is how often the number doubles at most. It does so each time that a pool was empty
// before the next one was there.
const growth = 4

// pool holds keys that are durable and that nobody has taken.
type pool struct {
	mu      sync.Mutex
	free    []Key         // in the order in which they were made
	size    int           // of the next pool
	largest int           // that the size grows to
	made    bool          // some keys have been made
	filling chan struct{} // closed when the pool that is being made is there; nil if none is
	failed  error         // why the last pool could not be made
	dry     bool          // somebody waits for the pool that is being made
	closed  bool
	stop    context.CancelFunc
	ctx     context.Context //nolint:containedctx // of the keys that are made in the background; ends with them
}

// startPool takes over what an earlier process has left and begins to make more if it is little.
func (k *Keys) startPool(ctx context.Context, size int) error {
	free, err := k.keeper.spare(ctx, size)
	if err != nil {
		return err
	}
	k.pool.ctx, k.pool.stop = context.WithCancel(context.WithoutCancel(ctx))
	k.pool.free, k.pool.size, k.pool.largest = free, size, size<<growth
	k.pool.mu.Lock()
	defer k.pool.mu.Unlock()
	k.refill()
	return nil
}

// Take returns a key that is durable and that nobody has been given before. It only waits if no
// key is ready. A key that is not used afterwards is lost, which does no harm.
func (k *Keys) Take(ctx context.Context) (Key, error) {
	if k.readOnly {
		return Key{}, ErrReadOnly
	}
	p := &k.pool
	for waited := false; ; waited = true {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return Key{}, ErrClosed
		}
		if waited && len(p.free) == 0 && p.failed != nil {
			defer p.mu.Unlock()
			return Key{}, p.failed
		}
		if len(p.free) > 0 {
			key := p.free[0]
			p.free[0] = Key{}
			p.free = p.free[1:]
			k.refill()
			p.mu.Unlock()
			k.remember(key)
			return key, nil
		}
		if !waited {
			k.metrics.waits.Inc()
			if p.made && !p.dry { // else it has just begun, or somebody waits already
				p.dry, p.size = true, min(2*p.size, p.largest)
			}
		}
		k.refill()
		filling := p.filling
		p.mu.Unlock()
		select {
		case <-filling:
		case <-ctx.Done():
			return Key{}, context.Cause(ctx)
		}
	}
}

// remember caches a key that was taken, because it is about to be used.
func (k *Keys) remember(key Key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cache.add(key)
}

// refill begins to make keys if few are left and nobody does so already. The caller holds the
// pool's lock.
func (k *Keys) refill() {
	p := &k.pool
	if p.filling != nil || p.closed || len(p.free) > p.size/2 {
		return
	}
	filling, size := make(chan struct{}), p.size
	p.filling = filling
	go func() {
		defer close(filling)
		begun := time.Now()
		made, err := k.keeper.make(p.ctx, size)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.free, p.filling, p.made, p.dry = append(p.free, made...), nil, true, false
		k.metrics.made.Add(float64(len(made)))
		if err != nil && p.failed == nil && !errors.Is(err, context.Canceled) {
			k.logger.Warn("keys of personal data cannot be made; trying again when one is taken", slog.Any("error", err), slog.Int("left", len(p.free)))
		}
		p.failed = err
		k.metrics.making.Observe(time.Since(begun).Seconds())
	}()
}

// ready returns how many keys can be taken without waiting.
func (k *Keys) ready() int {
	k.pool.mu.Lock()
	defer k.pool.mu.Unlock()
	return len(k.pool.free)
}

// stopPool waits for the keys that are being made and keeps those that were not taken.
func (k *Keys) stopPool() error {
	p := &k.pool
	if k.readOnly || p.stop == nil {
		return nil
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	filling := p.filling
	p.mu.Unlock()
	if filling != nil {
		<-filling
	}
	p.stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	free := p.free
	p.free = nil
	ctx, cancel := context.WithTimeout(context.Background(), giveBackFor)
	defer cancel()
	return k.keeper.giveBack(ctx, free)
}

// giveBackFor bounds how long closing waits for servers that do not respond.
const giveBackFor = 5 * time.Second
