package personal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// running returns a directory with a file of keys, as a service has it that does nothing just now.
func running(t *testing.T) (dir string, keys []Key, secret []byte) {
	t.Helper()
	dir = t.TempDir()
	k := open(t, dir)
	keys, secret = take(t, k, 3), k.RequestSecret()
	closed(t, k)
	return dir, keys, secret
}

func TestEachRunning(t *testing.T) {
	dir, keys, want := running(t)
	found := make(map[KeyID][]byte)
	secret, err := EachRunning(within(t), dir, func(c Copy) error { found[c.ID] = c.Secret; return nil })
	if err != nil || !bytes.Equal(secret, want) {
		t.Errorf("the secret is %x, and not %x: %v", secret, want, err)
	}
	for _, k := range keys {
		if !bytes.Equal(found[k.id], k.secret[:]) {
			t.Errorf("key %s is not found", k.id)
		}
	}
	if secret, err := EachRunning(within(t), t.TempDir(), func(Copy) error { return errors.New("a key") }); secret != nil || err != nil {
		t.Errorf("a directory without keys: %x, %v", secret, err)
	}
	full := errors.New("the disk is full")
	calls := 0
	secret, err = EachRunning(within(t), dir, func(Copy) error { calls++; return full })
	if secret != nil || !errors.Is(err, full) || calls != 1 {
		t.Errorf("keys that cannot be taken: %x, %v, after %d calls", secret, err, calls)
	}
}

// A damaged file is not taken for one that is being written.
func TestEachRunningOfADamagedFile(t *testing.T) {
	dir, keys, _ := running(t)
	path := filepath.Join(dir, FileName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(text, keys[1].secret[:])
	clear(text[at : at+secretSize]) // of a key that is not marked as erased
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	reads := 0
	_, err = EachRunning(within(t), dir, func(c Copy) error {
		if c.ID == keys[0].id {
			reads++
		}
		return nil
	})
	if !errors.Is(err, ErrDamagedFile) || errors.Is(err, ErrFileInUse) || reads > 1 {
		t.Errorf("after %d reads: %v", reads, err)
	}
}

// A file that is being written all the time is given up.
func TestEachRunningOfAChangingFile(t *testing.T) {
	dir, keys, _ := running(t)
	path := filepath.Join(dir, FileName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Error(err)
		}
	}
	reads := 0
	_, err = EachRunning(within(t), dir, func(c Copy) error {
		if c.ID == keys[2].id {
			reads++
			text[changeCounter+counterSize-1]++
			write(path, text)
		}
		return nil
	})
	if !errors.Is(err, ErrFileInUse) || reads != runningAttempts+1 {
		t.Errorf("after %d reads: %v", reads, err)
	}
	write(path+journalSuffix, journalMagic)
	if _, err := EachRunning(within(t), dir, func(Copy) error { t.Error("it is read"); return nil }); !errors.Is(err, ErrFileInUse) {
		t.Errorf("in the middle of a change: %v", err)
	}
}
