package main

import (
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// free returns how many bytes are free on a disk.
func free(t *testing.T, top string) int64 {
	t.Helper()
	var there syscall.Statfs_t
	if err := syscall.Statfs(top, &there); err != nil {
		t.Fatal(err)
	}
	return int64(there.Bavail) * there.Bsize //nolint:gosec // a small disk
}

// TestSmallDisk has single members added to a small disk, many more than a WAL would have room
// for that is never moved into the file. Then it fills the rest, and makes room again.
func TestSmallDisk(t *testing.T) {
	t.Parallel()
	top := onTmpfs(t)
	dir, filler := filepath.Join(top, "data"), filepath.Join(top, "filler")
	p := serving(t, dir, "--partitions", "2", nativeOnly, "--rate-limit", "0")
	d := &fullDisk{process: p, site: p.api.found()}
	d.add(2400)
	if info, err := os.Stat(filepath.Join(dir, "read-models.db-wal")); err != nil || info.Size() > 12<<20 {
		t.Errorf("the WAL: %v, %v", info, err)
	}
	t.Logf("%d members were added, %d MiB are free", len(d.acks), free(t, top)>>20)
	stop := d.load(4)
	fill(t, filler)
	stop()
	d.refused()
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	d.again()
	d.check(dir)
}

// TestRoomIsMade leaves so little room that the log takes nothing until the WAL has been
// emptied. So writing goes on by itself.
func TestRoomIsMade(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	mount(t, top, "-t", "tmpfs", "-o", "size=512M", "tmpfs")
	dir := filepath.Join(top, "data")
	p := serving(t, dir, "--partitions", "2", nativeOnly, "--rate-limit", "0")
	d := &fullDisk{process: p, site: p.api.found()}
	d.add(1500)
	info, err := os.Stat(filepath.Join(dir, "read-models.db-wal"))
	if err != nil || info.Size() < 6<<20 {
		t.Fatalf("the WAL is too small for this test: %v, %v", info, err)
	}
	ballastTo(t, top, filepath.Join(top, "filler"), 7<<20) // less than is needed for an append
	d.refused()
	t.Logf("writing goes on after %s: the WAL had %d kB", d.again().Round(time.Millisecond), info.Size()>>10)
	d.check(dir)
}

// ballastTo leaves so many bytes on the disk.
func ballastTo(t *testing.T, top, filler string, left int64) {
	t.Helper()
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Write(make([]byte, free(t, top)-left)); err != nil {
		t.Fatal(err)
	}
}

// add has four clients add so many members one by one, while another one reads.
func (d *fullDisk) add(members int) {
	d.t.Helper()
	var adding sync.WaitGroup
	var acks sync.Mutex
	const clients = 4
	for range clients {
		adding.Go(func() {
			for range members / clients {
				user := uuid.NewString()
				r, err := d.api.do("POST", d.site.members(), editor(user))
				if err != nil || r.status != http.StatusCreated {
					d.t.Errorf("adding a member: %d %s %v", r.status, r.body, err)
					return
				}
				acks.Lock()
				d.acks = append(d.acks, user)
				acks.Unlock()
			}
		})
	}
	added := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			select {
			case <-added:
				return
			default:
				d.api.must(http.StatusOK, "GET", d.site.members(), "")
			}
		}
	})
	adding.Wait()
	close(added)
	reading.Wait()
}
