package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// diskSize is the size of the disks that are filled.
const diskSize = "64M"

// onTmpfs mounts a small file system in memory.
func onTmpfs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	mount(t, dir, "-t", "tmpfs", "-o", "size="+diskSize, "tmpfs")
	return dir
}

// onExt4 mounts a small ext4 file system from a file.
func onExt4(t *testing.T) string {
	t.Helper()
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "ext4.img")
	format(t, image, diskSize, "mkfs.ext4", "-q", "-F", "-m", "0")
	mount(t, dir, "-o", "loop", image)
	return dir
}

// format makes a file with a file system in it.
func format(t *testing.T, image, size string, command ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("file systems are only mounted by root")
	}
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skipf("file systems of this kind cannot be made here: %v", err)
	}
	if out, err := exec.Command("truncate", "-s", size, image).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command(command[0], append(command[1:], image)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// mount mounts something on the directory until the test ends.
func mount(t *testing.T, dir string, args ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("file systems are only mounted by root")
	}
	if out, err := exec.Command("mount", append(args, dir)...).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmounting: %v: %s", err, out)
		}
	})
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size >= 512; { // down to the last byte
		_, err := f.Write(make([]byte, size))
		if errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// fullDisk is what is done to a service whose disk is full.
type fullDisk struct {
	*process
	site site
	acks []string // users whose adding was acknowledged
}

// write adds one member. It returns the status and how long the request took.
func (d *fullDisk) write() (int, time.Duration) {
	d.t.Helper()
	user, begun := uuid.NewString(), time.Now()
	r, err := d.api.do("POST", d.site.members(), editor(user))
	took := time.Since(begun)
	if err != nil {
		d.t.Fatal(err)
	}
	switch r.status {
	case http.StatusCreated:
		d.acks = append(d.acks, user)
	case http.StatusServiceUnavailable:
	default:
		d.t.Fatalf("%d: %s", r.status, r.body)
	}
	return r.status, took
}

// refused writes until a write is refused. It returns how long the refusal took.
func (d *fullDisk) refused() time.Duration {
	d.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		status, took := d.write()
		if status == http.StatusServiceUnavailable {
			return took
		}
		if time.Now().After(deadline) {
			d.t.Fatal("nothing is refused")
		}
	}
}

// again writes until a write succeeds. It returns how long that took.
func (d *fullDisk) again() time.Duration {
	d.t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if status, _ := d.write(); status == http.StatusCreated {
			return time.Since(begun)
		}
		if time.Since(begun) > patience {
			d.t.Fatalf("nothing is written any more:\n%s", d.log.last(40))
		}
	}
}

// full checks that everything but writing works, and that nothing is slow.
func (d *fullDisk) full() {
	d.t.Helper()
	var slow int // the machine may be busy with other tests
	for range 20 {
		status, took := d.write()
		if status != http.StatusServiceUnavailable || took > slowness*time.Second {
			d.t.Errorf("a write to a full disk: %d after %s", status, took)
		}
		if took > slowness*100*time.Millisecond {
			slow++
		}
		begun := time.Now()
		d.api.must(http.StatusOK, "GET", d.site.members(), "")
		if took := time.Since(begun); took > slowness*time.Second {
			d.t.Errorf("a read took %s", took)
		}
	}
	if slow > 5 {
		d.t.Errorf("%d of 20 refusals took more than 100 ms", slow)
	}
	if r, err := d.api.do("GET", "/readyz", ""); err != nil || r.status != http.StatusServiceUnavailable || !strings.Contains(string(r.body), "disk") {
		d.t.Errorf("readyz: %d %s %v", r.status, r.body, err)
	}
}

// check checks that nothing that was acknowledged is lost, that nothing is there by half,
// and that all is well for a next start.
func (d *fullDisk) check(dir string) {
	d.t.Helper()
	rows := make(map[string]bool)
	for _, row := range d.api.list(d.site) {
		rows[row.User] = true
	}
	for _, user := range d.acks {
		if !rows[user] {
			d.t.Errorf("user %s was acknowledged and is lost", user)
		}
	}
	history := d.api.history(d.site)
	d.stop()
	if log := replayed(d.t, d.site, "--data", dir); len(log) != len(history) {
		d.t.Errorf("the service shows %d events, its log holds %d", len(history), len(log))
	}
	verified(d.t, "--data", dir)
	d.t.Logf("%d acknowledged", len(d.acks))
}

// TestFullDisk fills the disk of a service, and makes room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]func(*testing.T) string{"tmpfs": onTmpfs, "ext4": onExt4} {
		for _, by := range []string{"another file", "the log itself"} {
			t.Run(name+" by "+by, func(t *testing.T) {
				t.Parallel()
				top := disk(t)
				dir, filler := filepath.Join(top, "data"), filepath.Join(top, "filler")
				p := serving(t, dir, "--partitions", "2", nativeOnly)
				d := &fullDisk{process: p, site: p.api.found()}
				for range 20 {
					d.write()
				}
				fastest := time.Hour
				for round := range 3 {
					if by == "another file" {
						stop := d.load(4) // so that appends meet the full disk
						fill(t, filler)
						stop()
					} else {
						ballast(t, top, filler)
						d.large()
					}
					first := d.refused()
					fastest = min(fastest, first)
					if first > slowness*time.Second {
						t.Errorf("round %d: the first refusal took %s", round, first)
					}
					d.full()
					if err := os.Remove(filler); err != nil {
						t.Fatal(err)
					}
					back := d.again()
					if back > slowness*2*time.Second {
						t.Errorf("round %d: writing again took %s", round, back)
					}
					t.Logf("round %d: the first 503 after %s, the first 201 %s after there was space", round, first.Round(time.Microsecond), back.Round(time.Millisecond))
				}
				if fastest > slowness*100*time.Millisecond { // the machine may be busy, but not each time
					t.Errorf("the first refusal took %s at best", fastest)
				}
				d.check(dir)
			})
		}
	}
}

// load has clients write until the function that it returns is called.
func (d *fullDisk) load(clients int) (stop func()) {
	var running sync.WaitGroup
	var acks sync.Mutex
	ended := make(chan struct{})
	for range clients {
		running.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
				}
				user := uuid.NewString()
				r, err := d.api.do("POST", d.site.members(), editor(user))
				if err != nil || r.status != http.StatusCreated && r.status != http.StatusServiceUnavailable {
					d.t.Errorf("under load: %d %s %v", r.status, r.body, err)
					return
				}
				if r.status == http.StatusCreated {
					acks.Lock()
					d.acks = append(d.acks, user)
					acks.Unlock()
				}
			}
		})
	}
	return func() {
		close(ended)
		running.Wait()
	}
}

// ballast leaves 10 MiB on the disk.
func ballast(t *testing.T, top, filler string) {
	t.Helper()
	var there syscall.Statfs_t
	if err := syscall.Statfs(top, &there); err != nil {
		t.Fatal(err)
	}
	size := int64(there.Bavail)*there.Bsize - 10<<20 //nolint:gosec // a small disk
	if out, err := exec.Command("fallocate", "-l", fmt.Sprint(max(size, 1)), filler).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// large writes batches until one is refused.
func (d *fullDisk) large() {
	d.t.Helper()
	for range 1000 {
		var operations []string
		for range 100 {
			operations = append(operations, fmt.Sprintf(`{"op":"add","user_id":%q,"role":"viewer"}`, uuid.NewString()))
		}
		r, err := d.api.do("POST", d.site.members()+"/batch", `{"mode":"atomic","operations":[`+strings.Join(operations, ",")+`]}`)
		if err != nil {
			d.t.Fatal(err)
		}
		if r.status == http.StatusServiceUnavailable {
			return
		}
		if r.status >= 300 {
			d.t.Fatalf("%d: %s", r.status, r.body)
		}
	}
}
