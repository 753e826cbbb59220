package proof

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// Options say how checkpoints are made.
type Options struct {
	// Witnesses are asked to sign every checkpoint that is published.
	Witnesses []Witness
	// Client asks them; nil is a client that waits three seconds at most.
	Client *http.Client
	// Logger gets what operators should know; nil is [slog.Default].
	Logger *slog.Logger
	// Metrics is where the metrics are registered; nil for nowhere.
	Metrics prometheus.Registerer
}

// Checkpoints hashes the log as it grows, signs checkpoints of it, and proves events. It is
// safe for concurrent use.
//
// A checkpoint is signed about every ten seconds while the log grows, and at once if somebody
// wants to see or to prove what is newer than the last one. What is signed was durable in the
// log before. Before a checkpoint is published it is noted, durably, as the last one of its
// partition. From then on only trees are signed that continue it: if the log comes back shorter
// or with another history, no checkpoint is signed any more, and [Checkpoints.Trouble] says
// why.
type Checkpoints struct {
	keeper     *keeper
	partitions []*partition
}

// Open opens the trees, the key and the last checkpoints of a log, or makes them at its first
// start. If key or checkpoints were lost or damaged it returns an error around [ErrKeyLost],
// [ErrKeyDamaged], [ErrOtherKey] or [ErrCheckpointLost]. Nothing is read from the log before
// [Checkpoints.Run].
func Open(ctx context.Context, s *store.Store, o Options) (_ *Checkpoints, err error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: witnessPatience}
	}
	c := new(Checkpoints)
	if c.keeper, err = openKeeper(ctx, s); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	for number, log := range s.Partitions {
		p := &partition{
			number: number, log: log, keeper: c.keeper, logger: o.Logger,
			wake: make(chan struct{}, 1), changed: make(chan struct{}), current: c.keeper.last[number].Checkpoint,
		}
		for _, w := range o.Witnesses {
			p.witnesses = append(p.witnesses, &witnessed{Witness: w, client: o.Client})
		}
		if err := p.open(c.keeper.file(treeFile(number))); err != nil {
			return nil, err
		}
		c.partitions = append(c.partitions, p)
	}
	if o.Metrics != nil {
		if err := o.Metrics.Register(newMetrics(c.partitions, len(o.Witnesses))); err != nil {
			return nil, fmt.Errorf("registering the metrics of checkpoints: %w", err)
		}
	}
	return c, nil
}

// open opens the tree. What comes after the last checkpoint was perhaps never flushed, so it is
// hashed again.
func (p *partition) open(path string) (err error) {
	if p.tree, err = OpenTree(path); errors.Is(err, ErrTreeDamaged) {
		return fmt.Errorf("%w: delete %s, and it is made again from the log", err, path)
	}
	if err != nil {
		return err
	}
	last := p.keeper.last[p.number].N
	if p.tree.Size() > last {
		err = p.tree.Cut(last)
	}
	p.rebuilt = p.tree.Size() == 0
	return err
}

// Run hashes and signs what [Checkpoints.Follow] brings, until the context ends. Then it signs
// what has been hashed.
func (c *Checkpoints) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, p := range c.partitions {
		running.Go(func() { p.run(ctx) })
	}
	running.Wait()
}

// Close closes the files. Run must have ended.
func (c *Checkpoints) Close() error {
	var errs []error
	for _, p := range c.partitions {
		errs = append(errs, p.tree.Close())
	}
	return errors.Join(errs...)
}

// Start says that the log has been followed up to the checkpoint, before any message is handed
// to [Checkpoints.Follow].
func (c *Checkpoints) Start(at wire.Checkpoint) { c.partitions[at.Partition].start(at) }

// Follow takes a message of the log, in the order of its partition. The message must be durable
// and must not be changed afterwards. Follow only puts it into a queue.
func (c *Checkpoints) Follow(m wire.Message) { c.partitions[m.Partition].follow(m) }

// Verifier returns the public key.
func (c *Checkpoints) Verifier() Verifier { return c.keeper.key.Verifier() }

// Key returns the private key, to sign other things with: see [Key.SignNote].
func (c *Checkpoints) Key() Key { return c.keeper.key }

// Published is a checkpoint with what is known of it.
type Published struct {
	Checkpoint
	// Witnesses are the names of the witnesses that have signed it.
	Witnesses []string
	// Trouble is why no newer one can be signed; nil if one can be.
	Trouble error
}

// Trouble returns why no checkpoint of the partition can be signed, or nil. It wraps
// [ErrInconsistent] if the log is not the one that was signed before.
func (c *Checkpoints) Trouble(partition int) error {
	return c.partitions[partition].published().Trouble
}

func (p *partition) published() Published {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Published{p.current, p.cosigned, p.trouble}
}

// freshPatience is how long a newer checkpoint is waited for.
const freshPatience = 2 * time.Second

// Latest returns the last checkpoint of the partition. It covers everything that has been
// followed, unless the node is behind or in trouble.
func (c *Checkpoints) Latest(ctx context.Context, partition int) Published {
	p := c.partitions[partition]
	p.mu.Lock()
	known := p.known.Number
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, freshPatience)
	defer cancel()
	_, _ = p.covering(ctx, known) // an older one will do
	return p.published()
}

// Covering returns the last checkpoint of the position's partition once it covers the position.
// The error is around [ErrBehind] if there is none in time.
func (c *Checkpoints) Covering(ctx context.Context, at wire.Position) (Published, error) {
	p := c.partitions[at.Partition]
	if _, err := p.covering(ctx, at.Number); err != nil {
		return Published{}, err
	}
	return p.published(), nil
}

// ErrBehind reports that this node cannot prove an event yet. It can a little later.
var ErrBehind = errors.New("this node cannot prove the event yet")

// covering returns a published checkpoint that covers the event and whose tree this node has.
func (p *partition) covering(ctx context.Context, number uint64) (Checkpoint, error) {
	for {
		p.mu.Lock()
		current, trouble, changed := p.current, p.trouble, p.changed
		covered := p.standing && number <= uint64(current.N) //nolint:gosec // it is not negative
		if !covered && trouble == nil {
			p.want = max(p.want, number)
		}
		p.mu.Unlock()
		switch {
		case covered:
			return current, nil
		case trouble != nil:
			return current, fmt.Errorf("%w: %w", ErrBehind, trouble)
		}
		p.signal()
		select {
		case <-changed:
		case <-ctx.Done():
			return current, fmt.Errorf("%w: %w", ErrBehind, context.Cause(ctx))
		}
	}
}

// Prove returns the proof that the log has the event at the position, with the stored bytes.
// It waits until a checkpoint covers the event. The error wraps [ErrBehind] if that takes longer
// than the context allows or if nothing can be signed, and [ErrNotIncluded] if these are not the
// bytes that were signed: then the log is damaged.
func (c *Checkpoints) Prove(ctx context.Context, at wire.Position, stored []byte) (Inclusion, error) {
	p := c.partitions[at.Partition]
	for {
		current, err := p.covering(ctx, at.Number)
		if err != nil {
			return Inclusion{}, err
		}
		found, err := Prove(p.tree, current, at.Number, stored)
		if !errors.Is(err, ErrTreeDamaged) {
			return found, err
		}
		if p.included(current, at.Number) {
			return Inclusion{}, fmt.Errorf("%w: the log has other bytes than were signed at %s", ErrNotIncluded, at)
		}
		p.mu.Lock()
		if p.standing && p.current.N == current.N { // it was not found damaged meanwhile
			p.damaged, p.standing = true, false
		}
		p.mu.Unlock()
		p.signal()
	}
}

// included reports whether the leaf that the tree has for the event leads to the root, so that
// the tree is sound there.
func (p *partition) included(c Checkpoint, number uint64) bool {
	index := int64(number) - 1 //nolint:gosec // the checkpoint covers it
	leaf, err := p.tree.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return false
	}
	hashes, err := tlog.ProveRecord(c.N, index, p.tree)
	return err == nil && tlog.CheckRecord(hashes, c.N, c.Hash, index, leaf[0]) == nil
}
