package personal

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Variables that make the test binary a child process, which is killed while it works.
const (
	childDir  = "MUSTER_TEST_PERSONAL_DIR"
	childWork = "MUSTER_TEST_PERSONAL_WORK" // "destroy" or "live"
	childStep = "MUSTER_TEST_PERSONAL_STEP" // at which step it kills itself
	childKeys = "MUSTER_TEST_PERSONAL_KEYS" // ids of the keys to be destroyed
)

// child works in a directory until it is killed, or has destroyed the keys.
func child(dir string) {
	if err := work(dir); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func work(dir string) error {
	ctx := context.Background()
	k, err := Open(ctx, Options{Dir: dir, Pool: 32})
	if err != nil {
		return err
	}
	f := k.keeper.(*file)
	if os.Getenv(childWork) == "live" {
		return live(ctx, k)
	}
	step := os.Getenv(childStep)
	if step == "spilled" { // pages are written to the file before the commit
		if _, err := f.conn.ExecContext(ctx, "PRAGMA cache_size=1; PRAGMA cache_spill=1"); err != nil {
			return err
		}
		step = "changed"
	}
	var ids []KeyID
	for text := range strings.FieldsSeq(os.Getenv(childKeys)) {
		var id KeyID
		if err := id.UnmarshalText([]byte(text)); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	f.mu.Lock()
	f.step = func(name string) {
		if name == step {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	f.mu.Unlock()
	return k.Destroy(ctx, ids...)
}

// live takes keys and destroys half of them, and says so, until it is killed.
func live(ctx context.Context, k *Keys) error {
	for {
		var ids []KeyID
		for range 10 {
			key, err := k.Take(ctx)
			if err != nil {
				return err
			}
			fmt.Printf("took %s %x\n", key.id, key.secret)
			ids = append(ids, key.id)
		}
		if err := k.Destroy(ctx, ids[:5]...); err != nil {
			return err
		}
		for _, id := range ids[:5] {
			fmt.Printf("destroyed %s\n", id)
		}
	}
}
