package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
)

// KeySource calls use with keys.
type KeySource func(ctx context.Context, use func(Key) error) error

// Key is a key in a backup.
type Key struct {
	Kind string `json:"kind"` // one of the constants
	ID   string `json:"id,omitempty"`
	// Secret is the key itself. It is nil for the mark of a key that was destroyed.
	Secret []byte `json:"secret,omitempty"`
}

// The kinds of keys.
const (
	KeyShared     = "shared"     // of the stream MUSTER_KEYS, such as the one of webhooks; the id is its subject
	KeyCheckpoint = "checkpoint" // that checkpoints are signed with, as [proof.Key.Text] writes it
	KeyPersonal   = "personal"   // of a person; the id is the one that events name
	KeyRequests   = "requests"   // the secret for hashes of requests

	keyLog = "log" // no key: the id is that of the log, so that somebody with the wrong private key learns it in any case
)

// ErrNoIdentity reports that none of the identities can decrypt the keys of a backup.
var ErrNoIdentity = errors.New("the keys in the backup are encrypted for somebody else")

// ParseRecipients reads public keys of age, one a line or separated by commas. A line that begins
// with # is a comment.
func ParseRecipients(text string) ([]age.Recipient, error) {
	recipients, err := age.ParseRecipients(strings.NewReader(strings.ReplaceAll(text, ",", "\n")))
	if err != nil {
		return nil, fmt.Errorf("a public key of age is expected, like age1…: %w", err)
	}
	return recipients, nil
}

// keys writes the keys, as parts that are encrypted each by itself.
func (w *writer) keys(ctx context.Context, recipients []age.Recipient, sources []KeySource) error {
	number := 0
	flush := func() error {
		if w.plain.Len() == 0 {
			return nil
		}
		defer func() { // what was in it is secret
			clear(w.plain.Bytes())
			w.plain.Reset()
		}()
		var sealed bytes.Buffer
		to, err := age.Encrypt(&sealed, recipients...)
		if err == nil {
			_, err = to.Write(w.plain.Bytes())
		}
		if err == nil {
			err = to.Close()
		}
		if err != nil {
			return fmt.Errorf("encrypting the keys: %w", err)
		}
		number++
		return w.part(fmt.Sprintf(keyParts, number), sealed.Bytes(), nil)
	}
	for _, source := range sources {
		err := source(ctx, func(k Key) error {
			line, err := json.Marshal(k)
			if err != nil {
				return err
			}
			w.plain.Write(append(line, '\n'))
			clear(line)
			if w.plain.Len() < partSize {
				return nil
			}
			return flush()
		})
		if err != nil {
			return err
		}
	}
	return flush()
}

// oneKey is the source of one key.
func oneKey(k Key) KeySource {
	return func(_ context.Context, use func(Key) error) error { return use(k) }
}

// sharedKeys are the keys of the stream that all nodes share, without that of checkpoints, and
// without what says where those of people are: it may be elsewhere after a restore.
func sharedKeys(s *store.Store) KeySource {
	return func(ctx context.Context, use func(Key) error) error {
		kept, err := s.Latest(ctx, store.Keys.Name)
		if err != nil {
			return err
		}
		for _, m := range kept {
			if proof.SharedKey(m.Subject) || store.IsHome(m.Subject) {
				continue
			}
			if err := use(Key{Kind: KeyShared, ID: m.Subject, Secret: m.Data}); err != nil {
				return err
			}
		}
		return nil
	}
}

// personalKeys are the keys of people, the marks of erased ones, and the secret for hashes of
// requests.
func personalKeys(s *store.Store) KeySource {
	return func(ctx context.Context, use func(Key) error) error {
		one := func(c personal.Copy) error {
			id, err := c.ID.MarshalText()
			if err != nil {
				return err
			}
			return use(Key{Kind: KeyPersonal, ID: string(id), Secret: c.Secret})
		}
		home, named, err := s.HomeID(ctx)
		if err != nil {
			return err
		}
		// The right keys may be elsewhere: a backup with others, or with none, could not be read.
		own := func(secret []byte) error {
			if named && personal.IDOf(secret) != home {
				return fmt.Errorf("%w: put the right ones back, or make a backup without keys", store.ErrOtherKeys)
			}
			return nil
		}
		if s.Busy() {
			secret, err := personal.EachRunning(ctx, s.Dir(), one)
			if err == nil {
				err = own(secret)
			}
			if err != nil || secret == nil {
				return err
			}
			return use(Key{Kind: KeyRequests, Secret: secret})
		}
		o := personal.Options{Dir: s.Dir(), ReadOnly: true}
		if !s.Embedded() {
			o.Servers = &personal.Servers{JS: s.JS}
		}
		keys, err := personal.Open(ctx, o)
		if err != nil {
			return err
		}
		if err = own(keys.RequestSecret()); err == nil {
			err = keys.Each(ctx, one)
		}
		if secret := keys.RequestSecret(); err == nil && !zero(secret) { // there is none if there are no keys
			err = use(Key{Kind: KeyRequests, Secret: secret})
		}
		return errors.Join(err, keys.Close())
	}
}

func zero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// EachKey calls use with the keys of the backup. The error wraps [ErrNoIdentity] if the identities are
// not among those for whom the keys were encrypted.
func (a *Archive) EachKey(ctx context.Context, identities []age.Identity, use func(Key) error) error {
	for number := 1; ; number++ {
		p, found := a.part(fmt.Sprintf(keyParts, number))
		if !found {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		sealed, err := a.content(p)
		if err != nil {
			return err
		}
		plain, err := age.Decrypt(bytes.NewReader(sealed), identities...)
		if errors.As(err, new(*age.NoIdentityMatchError)) {
			return fmt.Errorf("%w: %w", ErrNoIdentity, err)
		}
		if err != nil {
			return fmt.Errorf("decrypting %s: %w", p, err)
		}
		for d := json.NewDecoder(plain); ; {
			var k Key
			err := d.Decode(&k)
			if errors.Is(err, io.EOF) {
				break
			}
			switch {
			case err != nil:
				err = fmt.Errorf("decrypting %s: %w", p, err)
			case k.Kind == keyLog && k.ID != a.Log:
				err = fmt.Errorf("%w: %s has keys of log %s", ErrDamaged, p, k.ID)
			case k.Kind != keyLog:
				err = use(k)
				clear(k.Secret)
			}
			if err != nil {
				return err
			}
		}
	}
}
