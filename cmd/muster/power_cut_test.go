package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	_ "unsafe" // for flushAlways

	"github.com/google/uuid"

	"github.com/muster-dev/muster/projections"
)

// flushAlways is the variable of package store that makes JetStream flush each message. It
// cannot be set from outside of tests.
//
//go:linkname flushAlways github.com/muster-dev/muster/events/store.flushAlways
var flushAlways bool

const (
	// lazyVariable is the environment variable that makes a process of this test binary
	// flush as JetStream does by default: after two minutes.
	lazyVariable = "MUSTER_TEST_LAZY"
	// cutsVariable is the environment variable with the number of power cuts, for a long
	// form of the test.
	cutsVariable = "MUSTER_TEST_POWER_CUTS"
	// cuts is how many there are by default.
	cuts = 8
)

// powerDisk is an XFS file system in a file, which can lose its power.
type powerDisk struct {
	t          *testing.T
	image, top string
}

func newPowerDisk(t *testing.T) *powerDisk {
	t.Helper()
	if _, err := exec.LookPath("xfs_io"); err != nil {
		t.Skipf("the power of a file system cannot be cut without xfsprogs: %v", err)
	}
	d := &powerDisk{t: t, image: filepath.Join(t.TempDir(), "xfs.img"), top: t.TempDir()}
	format(t, d.image, "320M", "mkfs.xfs", "-q", "-f")
	mount(t, d.top, "-o", "loop", d.image)
	return d
}

func (d *powerDisk) run(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s: %v: %s", name, err, out)
	}
}

// cut loses what was not flushed. Without -f, XFS does not write its journal either.
func (d *powerDisk) cut() { d.run("xfs_io", "-x", "-c", "shutdown", d.top) }

// restore mounts the file system again.
func (d *powerDisk) restore() {
	d.run("umount", d.top)
	d.run("mount", "-o", "loop", d.image, d.top)
}

// adding is what clients do until the power is cut.
type adding struct {
	site site
	mu   sync.Mutex
	acks []string
}

// add has clients add members until the process is gone. They begin when it listens.
func (a *adding) add(p *process) (wait func()) {
	var clients sync.WaitGroup
	clients.Go(func() {
		select {
		case <-p.log.listening:
		case <-p.ended:
			return
		}
		api := p.api
		api.url = "http://" + p.log.address()
		owner := uuid.NewString()
		r, err := api.do("POST", "/v1/organizations", fmt.Sprintf(`{"name":"Mill","owner":{"user_id":%q,"email":"ada@example.com"}}`, owner))
		if err != nil || r.status != http.StatusCreated {
			return
		}
		org := r.field(p.t, "id")
		r, err = api.do("POST", "/v1/organizations/"+org+"/workspaces", fmt.Sprintf(`{"name":"Mill","owner_user_id":%q}`, owner))
		if err != nil || r.status != http.StatusCreated {
			return
		}
		a.site = site{org, r.field(p.t, "id"), owner}
		for range 4 {
			clients.Go(func() {
				for {
					user := uuid.NewString()
					r, err := api.do("POST", a.site.members(), editor(user))
					if err != nil || r.status != http.StatusCreated {
						return
					}
					a.mu.Lock()
					a.acks = append(a.acks, user)
					a.mu.Unlock()
				}
			})
		}
	})
	return clients.Wait
}

// count returns how many members have been acknowledged.
func (a *adding) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.acks)
}

// lost returns how many acknowledged members are not there, and whether the service does
// not even start.
func (a *adding) lost(p *process) (lost int, refusal string) {
	p.start()
	if refusal := p.tryReady(); refusal != "" {
		return len(a.acks), refusal
	}
	if a.site.ws == "" {
		return 0, ""
	}
	rows := make(map[string]bool)
	for _, row := range p.api.list(a.site) {
		rows[row.User] = true
	}
	for _, user := range a.acks {
		if !rows[user] {
			lost++
		}
	}
	return lost, ""
}

// powerCut runs a service on a fresh disk, cuts the power after that time, and starts the
// service again.
func powerCut(t *testing.T, after time.Duration, env ...string) (acked, lost int, took time.Duration, refusal string) {
	t.Helper()
	d := newPowerDisk(t)
	data := filepath.Join(d.top, "data")
	p := newProcess(t, data, "--partitions", "2", nativeOnly)
	p.env = env
	p.start()
	a := new(adding)
	wait := a.add(p)
	time.Sleep(after)
	acknowledged := a.count()
	d.cut()
	p.kill()
	wait()
	// A file system that is being shut down can tell whoever flushes at this moment that all is
	// well. Without power nobody is told anything, so what came since does not count.
	a.acks = a.acks[:acknowledged]
	d.restore()
	p.api.http.CloseIdleConnections()
	begun := time.Now()
	p.addr = "127.0.0.1:0"
	lost, refusal = a.lost(p)
	took = time.Since(begun)
	if refusal == "" && len(env) == 0 {
		requireUndamaged(p)
		p.stop()
		verified(t, "--data", data)
	}
	p.kill() // before the disk is unmounted
	return len(a.acks), lost, took, refusal
}

// TestPowerCut cuts the power at random moments, from the first on. Nothing that was
// acknowledged is lost, and the service is ready again within seconds.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	rounds := cuts
	if text := os.Getenv(cutsVariable); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	acked, slowest := 0, time.Duration(0)
	for round := range rounds {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			// The start takes most of the first second, and is where most can go wrong.
			after := rand.N(time.Duration(1+round%3) * 700 * time.Millisecond)
			n, lost, took, refusal := powerCut(t, after)
			if refusal != "" || lost > 0 {
				t.Errorf("cut after %s: %d of %d acknowledged members are lost: %s", after, lost, n, refusal)
			}
			if took > slowness*5*time.Second {
				t.Errorf("cut after %s: ready after %s", after, took)
			}
			acked, slowest = acked+n, max(slowest, took)
		})
	}
	t.Logf("%d cuts, %d members acknowledged, ready again after %s at most", rounds, acked, slowest.Round(time.Millisecond))
}

// TestPowerCutDuringRebuild cuts the power while the service makes its read models. The next
// start makes them again, and nothing is taken for damage.
func TestPowerCutDuringRebuild(t *testing.T) {
	t.Parallel()
	d := newPowerDisk(t)
	data := filepath.Join(d.top, "data")
	p := newProcess(t, data, "--partitions", "2", nativeOnly)
	defer p.kill() // before the disk is unmounted
	p.start()
	p.ready()
	s := p.api.found()
	for range 3 {
		var operations []string
		for range 1000 {
			operations = append(operations, fmt.Sprintf(`{"op":"add","user_id":%q,"role":"editor"}`, uuid.NewString()))
		}
		p.api.must(200, "POST", s.members()+"/batch", `{"mode":"atomic","operations":[`+strings.Join(operations, ",")+`]}`)
	}
	members := p.api.listed(s)
	p.stop()
	file := filepath.Join(data, projections.File)
	for round := range 6 {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		p.addr = "127.0.0.1:0"
		p.start()
		for begun := time.Now(); time.Since(begun) < patience; time.Sleep(time.Millisecond) {
			if _, err := os.Stat(file + ".new"); err == nil {
				break
			}
		}
		// From the first page to a moment after the new file has taken the old one's place.
		time.Sleep(time.Duration(round) * 40 * time.Millisecond)
		d.cut()
		p.kill()
		d.restore()
		p.api.http.CloseIdleConnections()
		p.addr = "127.0.0.1:0"
		p.start()
		p.ready()
		if got := p.api.listed(s); !slices.Equal(got, members) {
			t.Errorf("round %d: %d members of %d, or others", round, len(got), len(members))
		}
		requireUndamaged(p)
		p.stop()
		verified(t, "--data", data)
	}
}

// A power cut as in [TestPowerCut] loses members when JetStream flushes as it does by default.
// Otherwise that test would prove nothing.
func TestPowerCutWouldLose(t *testing.T) {
	t.Parallel()
	for range 5 { // no member may have been acknowledged yet when the power is cut
		acked, lost, _, refusal := powerCut(t, 3*time.Second, lazyVariable+"=1")
		if acked > 0 && (lost > 0 || refusal != "") {
			t.Logf("%d of %d acknowledged members are lost. %s", lost, acked, refusal)
			return
		}
	}
	t.Error("nothing is lost without flushing: the test of power cuts proves nothing")
}
