package personal

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start starts the test binary as a child process.
func start(t testing.TB, dir string, environment ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(within(t), self, "-test.run=^$")
	cmd.Env = append(os.Environ(), append(environment, childDir+"="+dir)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// Whatever step destroying is killed at, destroying again leaves nothing. What was committed is gone as
// soon as the file is opened.
func TestDestroyIsKilled(t *testing.T) {
	for step, want := range map[string]struct {
		destroyed bool // when the file is opened
		journal   bool // the killed process has left a journal that must be undone
	}{
		"begun": {false, false}, "changed": {false, false}, "spilled": {false, true},
		"committed": {true, false}, "wiped": {true, false},
	} {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			k := open(t, dir)
			keys := take(t, k, 800)
			doomed, names := keys[100:700], make([]string, 600)
			for i, key := range doomed {
				names[i] = key.id.String()
			}
			closed(t, k)
			cmd, out := start(t, dir, childStep+"="+step, childKeys+"="+strings.Join(names, " "))
			for out.Scan() {
				t.Error(out.Text())
			}
			if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
				t.Fatalf("the process was not killed: %v", err)
			}
			// Looking changes nothing, also when there is something to be undone.
			before := content(t, dir)
			read, err := Open(within(t), Options{Dir: dir, ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			journal := before[filepath.Join(dir, FileName+journalSuffix)]
			if hot := bytes.HasPrefix(journal, journalMagic) && len(journal) > 512+4096; hot != want.journal {
				t.Errorf("the killed process has left a journal that must be undone: %v", hot)
			}
			if half := wiped(before[filepath.Join(dir, FileName)], doomed); want.journal != (half > 0 && half < len(doomed)) {
				t.Errorf("the killed process has overwritten %d keys of %d", half, len(doomed))
			}
			for i, key := range keys {
				found, err := read.Find(within(t), key.id)
				if gone := want.destroyed && i >= 100 && i < 700; gone && !errors.Is(err, ErrErased) || !gone && (err != nil || found.secret != key.secret) {
					t.Fatalf("key %d, read only: %v", i, err)
				}
			}
			closed(t, read)
			for path, text := range content(t, dir) {
				if string(before[path]) != string(text) {
					t.Errorf("reading changed %s", path)
				}
			}

			k = open(t, dir)
			if want.destroyed {
				gone(t, dir, doomed...)
			}
			for _, key := range doomed[:10] {
				found, err := k.Find(within(t), key.id)
				if want.destroyed && !errors.Is(err, ErrErased) || !want.destroyed && (err != nil || found.secret != key.secret) {
					t.Fatalf("after the restart: %v, %v", found, err)
				}
			}
			if err := k.Destroy(within(t), idsOf(doomed)...); err != nil {
				t.Fatal(err)
			}
			gone(t, dir, doomed...)
			for _, key := range append(keys[:100:100], keys[700:]...) {
				if found, err := k.Find(within(t), key.id); err != nil || found.secret != key.secret {
					t.Fatalf("another key: %v", err)
				}
			}
			closed(t, k)
			gone(t, dir, doomed...)
		})
	}
}

// wiped returns how many of the keys a file does not have.
func wiped(text []byte, keys []Key) (n int) {
	for _, k := range keys {
		if !bytes.Contains(text, k.secret[:]) {
			n++
		}
	}
	return n
}

// A process that takes and destroys keys is killed at any moment. What it said that it has destroyed is in no
// file, before and after the next start, and no key is taken twice.
func TestKilledAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	taken, destroyed := make(map[string]Key), make(map[string]bool)
	for round := range 5 {
		cmd, out := start(t, dir, childWork+"=live")
		after := time.Duration(20+rand.IntN(80)) * time.Millisecond
		kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		begun := round%2 > 0
		if !begun { // it is killed after it has destroyed something, however slow the machine is
			kill.Stop()
		}
		for out.Scan() {
			word, rest, _ := strings.Cut(out.Text(), " ")
			if !begun && word == "destroyed" {
				begun = true
				kill.Reset(after / 2)
			}
			switch id, secret, _ := strings.Cut(rest, " "); word {
			case "took":
				if _, twice := taken[id]; twice {
					t.Errorf("key %s was taken twice", id)
				}
				var key Key
				text, err := hex.DecodeString(secret)
				if err = errors.Join(err, key.id.UnmarshalText([]byte(id))); err != nil || len(text) != secretSize {
					continue // the last line was not finished
				}
				key.secret = [secretSize]byte(text)
				taken[id] = key
			case "destroyed":
				if _, ok := taken[id]; ok {
					destroyed[id] = true
				}
			default:
				t.Error(out.Text())
			}
		}
		kill.Stop()
		_ = cmd.Wait()
		check := func(when string) {
			t.Helper()
			var keys []Key
			for id := range destroyed {
				keys = append(keys, taken[id])
			}
			for i, n := range occurrences(t, dir, keys) {
				if n != 0 {
					t.Fatalf("%s: %v is in the files %d times", when, keys[i], n)
				}
			}
		}
		check("killed")
		f := openTestFile(t, dir)
		check("opened again")
		for id, key := range taken {
			found, err := f.find(within(t), key.id)
			if destroyed[id] && !errors.Is(err, ErrErased) || err == nil && found.secret != key.secret || err != nil && !errors.Is(err, ErrErased) {
				t.Fatalf("key %s: %v", id, err)
			}
		}
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(destroyed) == 0 {
		t.Error("nothing was destroyed, so the test proves nothing")
	}
	t.Logf("%d keys were taken and %d destroyed", len(taken), len(destroyed))
}
