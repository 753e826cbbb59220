package personal

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// errDamagedCopy reports that a copy does not hold a key.
var errDamagedCopy = errors.New("the copy of a key of personal data is damaged")

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
			return fmt.Errorf("key %s: %w", c.ID, errDamagedCopy)
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
		return fmt.Errorf("the secret for hashes of requests has %d bytes, not %d: %w", len(secret), secretSize, errDamagedCopy)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.keeper.restoreSecret(ctx, [secretSize]byte(secret)); err != nil {
		return err
	}
	k.hashKey = [secretSize]byte(secret)
	return nil
}
