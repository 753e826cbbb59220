package personal

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// within returns a context that ends before the test does.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// open opens the keys in a directory, and closes them at the end of the test.
func open(t testing.TB, dir string) *Keys {
	t.Helper()
	k, err := Open(within(t), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return k
}

// closed closes the keys.
func closed(t testing.TB, k *Keys) {
	t.Helper()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
}

// take takes so many keys.
func take(t testing.TB, k *Keys, count int) []Key {
	t.Helper()
	keys := make([]Key, count)
	for i := range keys {
		var err error
		if keys[i], err = k.Take(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

func idsOf(keys []Key) []KeyID {
	ids := make([]KeyID, len(keys))
	for i, k := range keys {
		ids[i] = k.id
	}
	return ids
}

// content returns the content of all files in the directory.
func content(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// occurrences counts how often a file of the directory has the secret of each key. It looks at every byte.
func occurrences(t testing.TB, dir string, keys []Key) []int {
	t.Helper()
	// A window of 8 bytes finds nearly all places at once.
	starts := make(map[[8]byte][]int, len(keys))
	for i, k := range keys {
		start := [8]byte(k.secret[:])
		starts[start] = append(starts[start], i)
	}
	counts := make([]int, len(keys))
	for _, text := range content(t, dir) {
		for at := 0; at+secretSize <= len(text); at++ {
			for _, i := range starts[[8]byte(text[at:])] {
				if bytes.Equal(text[at:at+secretSize], keys[i].secret[:]) {
					counts[i]++
				}
			}
		}
	}
	return counts
}

// gone demands that no file of the directory has any half of a secret.
func gone(t testing.TB, dir string, keys ...Key) {
	t.Helper()
	halves := make(map[[secretSize / 2]byte]KeyID, 2*len(keys))
	starts := make(map[[4]byte]bool, 2*len(keys)) // few places have one of them
	for _, k := range keys {
		for _, half := range [][]byte{k.secret[:secretSize/2], k.secret[secretSize/2:]} {
			halves[[secretSize / 2]byte(half)], starts[[4]byte(half)] = k.id, true
		}
	}
	for path, text := range content(t, dir) {
		for at := 0; at+secretSize/2 <= len(text); at++ {
			if !starts[[4]byte(text[at:])] {
				continue
			}
			if id, ok := halves[[secretSize / 2]byte(text[at:])]; ok {
				t.Fatalf("%s has key %s at byte %d", path, id, at)
			}
		}
	}
}

// copies are what a backup has of keys.
type copies struct {
	keys   []Copy
	secret []byte
}

func copiesOf(t testing.TB, k *Keys) (c copies) {
	t.Helper()
	err := k.Each(within(t), func(one Copy) error { c.keys = append(c.keys, one); return nil })
	if err != nil {
		t.Fatal(err)
	}
	c.secret = k.RequestSecret()
	return c
}

func (c copies) put(t testing.TB, k *Keys) {
	t.Helper()
	if err := k.SetRequestSecret(within(t), c.secret); err != nil {
		t.Fatal(err)
	}
	if err := k.Put(within(t), c.keys...); err != nil {
		t.Fatal(err)
	}
}
