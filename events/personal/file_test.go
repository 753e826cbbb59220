package personal

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestKeysAreFoundAgain(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	keys := take(t, k, 5000)
	hash := k.RequestHash([]byte("body"))
	closed(t, k)

	k = open(t, dir)
	for _, key := range keys {
		found, err := k.Find(within(t), key.id)
		if err != nil || found.secret != key.secret {
			t.Fatalf("%v: %v, %v", key, found, err)
		}
	}
	if k.RequestHash([]byte("body")) != hash {
		t.Error("the secret for requests has changed")
	}
	if k.RequestHash([]byte("other")) == hash || open(t, t.TempDir()).RequestHash([]byte("body")) == hash {
		t.Error("the hash does not depend on the request and the secret")
	}
	unknown := newKey().id
	if _, err := k.Find(within(t), unknown); !errors.Is(err, ErrUnknownKey) || errors.Is(err, ErrErased) {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestDestroyedKeys(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	keys := take(t, k, 100)
	foreign := newKey().id
	for range 2 { // the second time does nothing
		if err := k.Destroy(within(t), keys[3].id, foreign, keys[50].id); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		for i, key := range keys {
			_, err := k.Find(within(t), key.id)
			if erased := i == 3 || i == 50; erased != errors.Is(err, ErrErased) || !erased && err != nil {
				t.Errorf("key %d: %v", i, err)
			}
		}
		if _, err := k.Find(within(t), foreign); !errors.Is(err, ErrErased) {
			t.Errorf("a key that was not here: %v", err)
		}
		gone(t, dir, keys[3], keys[50])
		closed(t, k)
		gone(t, dir, keys[3], keys[50])
		k = open(t, dir)
	}
	if n := occurrences(t, dir, keys[:1])[0]; n != 1 {
		t.Errorf("a key that was not destroyed is in the files %d times, so that the search proves nothing", n)
	}
}

// Every key is in the file once, whatever was made and destroyed around it. So nothing is left
// when it is overwritten.
func TestNoKeyHasCopies(t *testing.T) {
	dir := t.TempDir()
	f := openTestFile(t, dir)
	random := rand.New(rand.NewPCG(1, 2))
	var keys []Key
	destroyed := make(map[int]bool)
	for round := range 20 {
		made, err := f.make(within(t), 1+random.IntN(1000))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, made...)
		var ids []KeyID
		for range random.IntN(100) {
			n := random.IntN(len(keys))
			destroyed[n], ids = true, append(ids, keys[n].id)
		}
		ids = append(ids, newKey().id)
		if err := f.destroy(within(t), ids); err != nil {
			t.Fatal(err)
		}
		if round%10 == 9 {
			if err := f.close(); err != nil {
				t.Fatal(err)
			}
			f = openTestFile(t, dir)
		}
	}
	for i, n := range occurrences(t, dir, keys) {
		if want := map[bool]int{true: 0, false: 1}[destroyed[i]]; n != want {
			t.Errorf("key %d of %d is in the files %d times, not %d", i, len(keys), n, want)
		}
	}
	var check string
	if err := f.conn.QueryRowContext(within(t), "PRAGMA integrity_check").Scan(&check); err != nil || check != "ok" {
		t.Errorf("%s, %v", check, err)
	}
}

func openTestFile(t testing.TB, dir string) *file {
	t.Helper()
	opened, err := openFile(within(t), dir, false, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.close() })
	return opened.(*file)
}

// What the connection was told must hold, because SQLite ignores what it does not understand.
func TestFileSettings(t *testing.T) {
	f := openTestFile(t, t.TempDir())
	for pragma, want := range map[string]string{
		"secure_delete": "1", "journal_mode": "persist", "synchronous": "3", "temp_store": "2", "locking_mode": "exclusive", "auto_vacuum": "0",
	} {
		var got string
		if err := f.conn.QueryRowContext(within(t), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, not %q: %v", pragma, got, want, err)
		}
	}
	for path := range content(t, filepath.Dir(f.path)) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(path string) error
		want  error
	}{
		"text": {func(path string) error {
			return os.WriteFile(path, bytes.Repeat([]byte("text "), 5000), 0o600)
		}, ErrForeignFile},
		"another database": {func(path string) error { return edit(path, 68, "abcd") }, ErrForeignFile},
		"newer":            {func(path string) error { return edit(path, 60, "\x00\x00\x00\x02") }, ErrNewerFile},
		"cut":              {func(path string) error { return os.Truncate(path, 9000) }, ErrDamagedFile},
		"zeros":            {func(path string) error { return edit(path, 4096, string(make([]byte, 4096))) }, ErrDamagedFile},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			k := open(t, dir)
			keys := take(t, k, 10)
			closed(t, k)
			if err := test.spoil(filepath.Join(dir, FileName)); err != nil {
				t.Fatal(err)
			}
			for _, readOnly := range []bool{true, false} {
				k, err := Open(within(t), Options{Dir: dir, ReadOnly: readOnly})
				if err == nil {
					_, err = k.Find(within(t), keys[9].id)
					_ = k.Close()
				}
				if !errors.Is(err, test.want) || errors.Is(err, ErrErased) {
					t.Errorf("read only %v: %v, not %v", readOnly, err, test.want)
				}
			}
		})
	}
}

func edit(path string, at int64, text string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(text), at)
	return errors.Join(err, f.Close())
}

func TestReadingChangesNothing(t *testing.T) {
	dir := t.TempDir()
	k, err := Open(within(t), Options{Dir: dir, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Find(within(t), newKey().id); !errors.Is(err, ErrUnknownKey) {
		t.Error(err)
	}
	closed(t, k)
	if files := content(t, dir); len(files) != 0 {
		t.Errorf("reading made %d files", len(files))
	}
	k = open(t, dir)
	keys := take(t, k, 10)
	if err := k.Destroy(within(t), keys[1].id); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(within(t), Options{Dir: dir, ReadOnly: true}); !errors.Is(err, ErrFileInUse) {
		t.Errorf("a file in use: %v", err)
	}
	if _, err := Open(within(t), Options{Dir: dir}); !errors.Is(err, ErrFileInUse) {
		t.Errorf("a file in use: %v", err)
	}
	closed(t, k)
	before := content(t, dir)
	if k, err = Open(within(t), Options{Dir: dir, ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Find(within(t), keys[0].id); err != nil {
		t.Error(err)
	}
	if _, err := k.Find(within(t), keys[1].id); !errors.Is(err, ErrErased) {
		t.Error(err)
	}
	if _, err := k.Take(within(t)); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
	if err := k.Destroy(within(t), keys[0].id); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
	closed(t, k)
	after := content(t, dir)
	for path, text := range before {
		if !bytes.Equal(after[path], text) {
			t.Errorf("reading changed %s", path)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d files became %d", len(before), len(after))
	}
}

// No key is taken twice, by many at once and over restarts.
func TestKeysAreTakenOnce(t *testing.T) {
	dir := t.TempDir()
	seen := make(map[KeyID]bool)
	var mu sync.Mutex
	for range 4 {
		k := open(t, dir)
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 400 {
					key, err := k.Take(within(t))
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					if seen[key.id] {
						t.Errorf("%v was taken twice", key)
					}
					seen[key.id] = true
					mu.Unlock()
				}
			})
		}
		wait.Wait()
		closed(t, k)
		if _, err := k.Take(within(t)); !errors.Is(err, ErrClosed) {
			t.Errorf("taken from closed keys: %v", err)
		}
	}
	// What was not taken is taken by the next one, and nothing is left behind.
	f := openTestFile(t, dir)
	spare, err := f.spare(within(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	if err := f.each(within(t), func(Key, bool) error { all++; return nil }); err != nil {
		t.Fatal(err)
	}
	if all != len(seen)+len(spare) || len(spare) == 0 {
		t.Errorf("%d keys: %d were taken and %d are left", all, len(seen), len(spare))
	}
	if again, err := f.spare(within(t), 1); err != nil || len(again) != 0 {
		t.Errorf("%d keys are spare twice, %v", len(again), err)
	}
}
