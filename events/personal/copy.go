package personal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrDamagedExport reports that what was exported was changed or cut.
var ErrDamagedExport = errors.New("the exported keys of personal data are damaged")

// exported is a line of an export. Exactly one of its groups is set.
type exported struct {
	Key    KeyID  `json:"key,omitzero"`
	Secret []byte `json:"secret,omitempty"` // of the key
	Erased bool   `json:"erased,omitempty"` // the key was destroyed

	RequestSecret []byte `json:"request_secret,omitempty"` // of [Keys.RequestHash]

	// The last line counts the keys, so that a cut is noticed.
	End  bool   `json:"end,omitempty"`
	Keys uint64 `json:"keys,omitempty"`
}

// Export writes all keys, the marks of erased ones and the secret for hashes of requests, as
// lines of JSON. Whoever has them can read all personal data, so they must be encrypted. Keys that are
// made or destroyed meanwhile may be in the export or not. All keys that events named before Export was
// called are in it.
func (k *Keys) Export(ctx context.Context, w io.Writer) error {
	lines := json.NewEncoder(w)
	if err := lines.Encode(exported{RequestSecret: k.hashKey[:]}); err != nil {
		return err
	}
	count := uint64(0)
	err := k.keeper.each(ctx, func(key Key, erased bool) error {
		count++
		if erased {
			return lines.Encode(exported{Key: key.id, Erased: true})
		}
		return lines.Encode(exported{Key: key.id, Secret: key.secret[:]})
	})
	if err != nil {
		return err
	}
	return lines.Encode(exported{End: true, Keys: count})
}

// Import adds what [Keys.Export] has written. A key that was destroyed here stays destroyed. The
// keys must not be used by anybody else meanwhile.
func (k *Keys) Import(ctx context.Context, r io.Reader) error {
	const atOnce = 4096
	lines := json.NewDecoder(bufio.NewReader(r))
	lines.DisallowUnknownFields()
	var keys []Key
	var erased []KeyID
	flush := func() error {
		defer func() { keys, erased = keys[:0], erased[:0] }()
		if len(keys)+len(erased) == 0 {
			return nil
		}
		return k.keeper.restore(ctx, keys, erased)
	}
	for count := uint64(0); ; {
		var e exported
		if err := lines.Decode(&e); err != nil {
			return fmt.Errorf("after %d keys: %w: %w", count, ErrDamagedExport, err)
		}
		switch {
		case e.End && e.Keys == count:
			return flush()
		case len(e.RequestSecret) == secretSize:
			k.hashKey = [secretSize]byte(e.RequestSecret)
			if err := k.keeper.restoreSecret(ctx, k.hashKey); err != nil {
				return err
			}
		case !e.Key.IsZero() && e.Erased && e.Secret == nil:
			count++
			erased = append(erased, e.Key)
		case !e.Key.IsZero() && !e.Erased && len(e.Secret) == secretSize && [secretSize]byte(e.Secret) != [secretSize]byte{}:
			count++
			keys = append(keys, Key{id: e.Key, secret: [secretSize]byte(e.Secret)})
		default:
			return fmt.Errorf("after %d keys: %w", count, ErrDamagedExport)
		}
		if len(keys)+len(erased) >= atOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}
