package personal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrDamagedExport reports that what was exported was changed or cut.
var ErrDamagedExport = errors.New("the exported keys of personal data are damaged")

// Copy is a key outside of its store, such as in a backup. Whoever has the secret can read what
// was sealed with the key.
type Copy struct {
	ID     KeyID  `json:"key"`
	Secret []byte `json:"secret,omitempty"` // 32 bytes; nil for the mark of an erased key
}

// Each calls use with all keys, and with the marks of erased ones. Keys that are made or destroyed
// meanwhile may be among them or not. All keys that events named before Each was called are, and a
// key that is being destroyed may come twice, the second time as erased.
func (k *Keys) Each(ctx context.Context, use func(Copy) error) error {
	return k.keeper.each(ctx, func(key Key, erased bool) error {
		if erased {
			return use(Copy{ID: key.id})
		}
		return use(Copy{key.id, slices.Clone(key.secret[:])})
	})
}

// Put adds keys and marks of erased ones. A key that was destroyed here stays destroyed, and a key
// that is here stays as it is unless it comes as erased.
func (k *Keys) Put(ctx context.Context, copies ...Copy) error {
	if k.readOnly {
		return ErrReadOnly
	}
	var keys []Key
	var erased []KeyID
	for _, c := range copies {
		switch {
		case c.ID.IsZero(), c.Secret != nil && (len(c.Secret) != secretSize || [secretSize]byte(c.Secret) == [secretSize]byte{}):
			return fmt.Errorf("key %s: %w", c.ID, ErrDamagedExport)
		case c.Secret == nil:
			erased = append(erased, c.ID)
		default:
			keys = append(keys, Key{id: c.ID, secret: [secretSize]byte(c.Secret)})
		}
	}
	if len(copies) == 0 {
		return nil
	}
	if err := k.keeper.restore(ctx, keys, erased); err != nil {
		return err
	}
	k.Forget(erased...)
	return nil
}

// RequestSecret returns the secret of [Keys.RequestHash].
func (k *Keys) RequestSecret() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.hashKey[:])
}

// SetRequestSecret replaces the secret of [Keys.RequestHash] by one that another store had. Other
// nodes must not be running.
func (k *Keys) SetRequestSecret(ctx context.Context, secret []byte) error {
	if k.readOnly {
		return ErrReadOnly
	}
	if len(secret) != secretSize {
		return fmt.Errorf("the secret for hashes of requests has %d bytes, not %d: %w", len(secret), secretSize, ErrDamagedExport)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.keeper.restoreSecret(ctx, [secretSize]byte(secret)); err != nil {
		return err
	}
	k.hashKey = [secretSize]byte(secret)
	return nil
}

// first and last are the lines around the keys of an export. The last one counts them, so that a cut
// is noticed.
type (
	first struct {
		RequestSecret []byte `json:"request_secret"`
	}
	last struct {
		End *uint64 `json:"end"`
	}
)

// Export writes what [Keys.Each] returns, and the secret for hashes of requests, as lines of JSON. They
// must be encrypted.
func (k *Keys) Export(ctx context.Context, w io.Writer) error {
	lines, count := json.NewEncoder(w), uint64(0)
	if err := lines.Encode(first{k.RequestSecret()}); err != nil {
		return err
	}
	err := k.Each(ctx, func(c Copy) error {
		count++
		return lines.Encode(c)
	})
	if err != nil {
		return err
	}
	return lines.Encode(last{&count})
}

// putAtOnce is how many keys are added in one transaction.
const putAtOnce = 4096

// Import adds what [Keys.Export] has written, as [Keys.Put] and [Keys.SetRequestSecret] do.
func (k *Keys) Import(ctx context.Context, r io.Reader) error {
	lines := json.NewDecoder(bufio.NewReader(r))
	lines.DisallowUnknownFields()
	var begin first
	if err := lines.Decode(&begin); err != nil {
		return fmt.Errorf("%w: %w", ErrDamagedExport, err)
	}
	if err := k.SetRequestSecret(ctx, begin.RequestSecret); err != nil {
		return err
	}
	var copies []Copy
	for count := uint64(0); ; count++ {
		var line struct {
			Copy
			last
		}
		if err := lines.Decode(&line); err != nil {
			return fmt.Errorf("after %d keys: %w: %w", count, ErrDamagedExport, err)
		}
		if line.End != nil {
			if *line.End != count {
				return fmt.Errorf("there are %d keys, and not the %d that were exported: %w", count, *line.End, ErrDamagedExport)
			}
			return k.Put(ctx, copies...)
		}
		if copies = append(copies, line.Copy); len(copies) >= putAtOnce {
			if err := k.Put(ctx, copies...); err != nil {
				return err
			}
			copies = copies[:0]
		}
	}
}
