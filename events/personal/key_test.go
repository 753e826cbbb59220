package personal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
)

const profile = `{"email":"ada@example.com","name":{"first":"Ada","last":"Lovelace"}}`

func aboutAda() About {
	var a About
	_ = a.Organization.UnmarshalText([]byte("019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53"))
	_ = a.User.UnmarshalText([]byte("019cc043-af91-783e-9927-3daab1cd9277"))
	a.Event = domain.EventID{1, 2, 3}
	return a
}

func TestSealedBytesOpen(t *testing.T) {
	key := newKey()
	for _, plain := range []string{"", "x", profile, strings.Repeat(profile, 1000)} {
		sealed := key.Seal(aboutAda(), []byte(plain))
		if len(sealed) != len(plain)+Overhead {
			t.Errorf("%d bytes became %d", len(plain), len(sealed))
		}
		opened, err := key.Open(aboutAda(), sealed)
		if err != nil || string(opened) != plain {
			t.Errorf("%d bytes: %d came back, %v", len(plain), len(opened), err)
		}
		if again := key.Seal(aboutAda(), []byte(plain)); string(again) == string(sealed) {
			t.Error("the nonce was used twice")
		}
		appended := key.AppendSealed([]byte("before"), aboutAda(), []byte(plain))
		if opened, err := key.Open(aboutAda(), appended[len("before"):]); err != nil || string(opened) != plain {
			t.Errorf("appended: %v", err)
		}
	}
}

// What was sealed once opens for ever.
func TestSealedFormat(t *testing.T) {
	key := Key{id: KeyID{1}}
	for i := range key.secret {
		key.secret[i] = byte(i)
	}
	const sealed = "017e4519e34e6e136a15196038f7287edae5da77dd7de33cad0e367ff2908a945bb513e1c4f581cd62efc2cbb13f101b8c3c5e3beae1bd001a65e5c08a37230d"
	text, err := hex.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := key.Open(aboutAda(), text); err != nil || string(opened) != "Ada" {
		t.Errorf("opened %q, %v; sealed anew: %x", opened, err, key.Seal(aboutAda(), []byte("Ada")))
	}
}

func TestSealedBytesBelongToTheirEvent(t *testing.T) {
	key := newKey()
	sealed := key.Seal(aboutAda(), []byte(profile))
	for part := range associatedSize {
		other := aboutAda()
		[][]byte{other.Organization[:], other.User[:], other.Event[:]}[part/16][part%16] ^= 1
		if opened, err := key.Open(other, sealed); !errors.Is(err, ErrNotAuthentic) || opened != nil {
			t.Errorf("byte %d of the associated data: %q, %v", part, opened, err)
		}
	}
}

func TestChangedSealedBytesDoNotOpen(t *testing.T) {
	key := newKey()
	sealed := key.Seal(aboutAda(), []byte(profile))
	for bit := range 8 * len(sealed) {
		changed := append([]byte(nil), sealed...)
		changed[bit/8] ^= 1 << (bit % 8)
		want := ErrNotAuthentic
		switch {
		case bit < 8:
			want = ErrUnknownSeal
		case bit < 8*(1+commitmentSize):
			want = ErrOtherKey
		}
		if opened, err := key.Open(aboutAda(), changed); !errors.Is(err, want) || opened != nil {
			t.Fatalf("bit %d: %q, %v, not %v", bit, opened, err, want)
		}
	}
	for n := range sealed {
		if opened, err := key.Open(aboutAda(), sealed[:n]); !errors.Is(err, ErrNotAuthentic) || opened != nil {
			t.Fatalf("cut to %d bytes: %q, %v", n, opened, err)
		}
	}
	if _, err := newKey().Open(aboutAda(), sealed); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
}

// Plain GCM opens one ciphertext with two keys, if it was made for that. The test makes such a ciphertext and
// shows that GCM takes it with both keys, and Open with one at most.
func TestOneCiphertextHasOneKey(t *testing.T) {
	one, two := newKey(), newKey()
	associated := aboutAda().associated(new([associatedSize]byte))
	nonce := make([]byte, nonceSize)
	ciphertext := collide(t, one, two, nonce, associated)
	for _, k := range []Key{one, two} {
		if _, err := plainGCM(t, k).Open(nil, nonce, ciphertext, associated); err != nil {
			t.Fatalf("the attack does not work on plain GCM, so this test proves nothing: %v", err)
		}
	}
	for _, committed := range []Key{one, two} {
		commitment := committed.commitment()
		sealed := append(append(append([]byte{sealFormat}, commitment[:]...), nonce...), ciphertext...)
		opened := 0
		for _, k := range []Key{one, two} {
			if _, err := k.Open(aboutAda(), sealed); err == nil {
				opened++
			} else if !errors.Is(err, ErrOtherKey) {
				t.Error(err)
			}
		}
		if opened != 1 {
			t.Errorf("%d keys open the same bytes", opened)
		}
	}
}

func plainGCM(t *testing.T, k Key) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(k.secret[:])
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return gcm
}

func TestKeysDoNotPrintTheirSecrets(t *testing.T) {
	key := newKey()
	secret := [][]byte{key.secret[:], []byte(hex.EncodeToString(key.secret[:])), fmt.Append(nil, key.secret), fmt.Append(nil, key.secret[:])}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d", "%o", "%T"} {
		for _, printed := range []string{fmt.Sprintf(verb, key), fmt.Sprintf(verb, &key), fmt.Sprintf(verb, struct{ K Key }{key}), fmt.Sprintf(verb, []Key{key})} {
			for _, s := range secret {
				if strings.Contains(strings.ToLower(printed), string(s)) {
					t.Errorf("%s prints %s", verb, printed)
				}
			}
		}
	}
	if text, err := json.Marshal(map[string]any{"key": key}); err != nil || string(text) != `{"key":"`+key.id.String()+`"}` {
		t.Errorf("%s, %v", text, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("the zero key seals")
		}
	}()
	Key{}.Seal(aboutAda(), nil)
}

func BenchmarkSeal(b *testing.B) {
	key, buffer := newKey(), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buffer = key.AppendSealed(buffer[:0], aboutAda(), []byte(profile))
	}
}

func BenchmarkOpen(b *testing.B) {
	key := newKey()
	sealed := key.Seal(aboutAda(), []byte(profile))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := key.Open(aboutAda(), sealed); err != nil {
			b.Fatal(err)
		}
	}
}
