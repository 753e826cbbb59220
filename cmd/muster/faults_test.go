package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

var (
	faultsFor  = flag.Duration("faults.for", 0, "how long TestFaults goes on; 0 is a minute, or 20 s with -short")
	faultsSeed = flag.Uint64("faults.seed", 0, "which faults there are in TestFaults; 0 is any")
)

const (
	faultNodes   = 2
	faultClients = 8
)

// TestFaults kills, freezes and cuts off servers and nodes while clients add members through all
// nodes. Nothing that was acknowledged may be lost, and nothing may be done twice. It can go on
// for longer, and repeat what was seen:
//
//	go test ./cmd/muster -run TestFaults -faults.for 10m -faults.seed 7 -timeout 0 -v
func TestFaults(t *testing.T) {
	t.Parallel()
	length, seed := *faultsFor, *faultsSeed
	switch {
	case length == 0 && testing.Short():
		length = 20 * time.Second
	case length == 0:
		length = time.Minute
	}
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test ./cmd/muster -run TestFaults -faults.for %s -faults.seed %d", length, seed)
	f := newFaulty(t, seed)
	end := f.add()
	for begun := time.Now(); time.Since(begun) < length && !t.Failed(); {
		f.fault()
	}
	end()
	f.check()
}

// faulty is a cluster with nodes and clients, to which faults happen.
type faulty struct {
	*cluster
	random  *rand.Rand
	nodes   [faultNodes]*process
	dirs    [faultNodes]string
	sites   []site // one in each partition
	took    map[string][]time.Duration
	clients [faultClients]faultJournal
}

// faultJournal is what one client notes.
type faultJournal struct {
	acked   []added
	unknown int // responses other than 201
}

// added is a member that was acknowledged.
type added struct {
	site int
	user string
}

func newFaulty(t *testing.T, seed uint64) *faulty {
	f := &faulty{cluster: newCluster(t), random: rand.New(rand.NewPCG(seed, 0)), took: map[string][]time.Duration{}}
	for i := range f.nodes {
		f.dirs[i] = t.TempDir()
		f.nodes[i] = serving(t, f.dirs[i], "--nats-url", f.url(), "--partitions", "3", nativeOnly)
		f.nodes[i].addr = f.nodes[i].log.address()
	}
	f.sites = f.nodes[0].everyPartition(3)
	return f
}

// add lets clients add members until the function that it returns is called.
func (f *faulty) add() (end func()) {
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for i := range f.clients {
		j := &f.clients[i]
		clients.Go(func() {
			for n := 0; ; n++ {
				a := added{n % len(f.sites), uuid.NewString()}
				if !f.one(j, a, f.nodes[i%faultNodes], stop) {
					return
				}
			}
		})
	}
	end = sync.OnceFunc(func() { close(stop); clients.Wait() })
	f.t.Cleanup(end)
	return end
}

// one adds one member, and repeats that with the same key until it is acknowledged or the
// client is to end. It reports whether the client goes on.
func (f *faulty) one(j *faultJournal, a added, p *process, stop <-chan struct{}) bool {
	for {
		r, err := p.api.do("POST", f.sites[a.site].members(), editor(a.user), "Idempotency-Key", "add "+a.user)
		switch {
		case err == nil && r.status == http.StatusCreated:
			j.acked = append(j.acked, a)
		case err == nil && r.status != http.StatusServiceUnavailable:
			f.t.Errorf("%d %s", r.status, r.body)
			return false
		default:
			j.unknown++
		}
		select {
		case <-stop:
			return false
		case <-time.After(20 * time.Millisecond):
		}
		if err == nil && r.status == http.StatusCreated {
			return true
		}
	}
}

// fault makes one thing go wrong for some seconds. It notes how long each partition took no
// commands through any node that was not itself the victim.
func (f *faulty) fault() {
	number := f.random.IntN(clusterSize)
	lasting := time.Duration(1+f.random.IntN(12)) * time.Second
	if f.random.IntN(4) == 0 {
		f.nodeFault(f.random.IntN(faultNodes))
		return
	}
	sick := sicknesses[f.random.IntN(len(sicknesses))]
	f.t.Logf("server %d: %s for %s", number, sick.name, lasting)
	begun := time.Now()
	sick.begin(f.cluster, number)
	f.measure(sick.name, begun)
	time.Sleep(lasting - time.Since(begun))
	sick.end(f.cluster, number)
	f.await()
	f.measure(sick.name+", after its end", time.Now())
}

// nodeFault kills a node, or stops it as a rolling restart does, and starts it again.
func (f *faulty) nodeFault(number int) {
	p, name := f.nodes[number], "node killed"
	begun := time.Now()
	if f.random.IntN(2) == 0 {
		name = "node restarted"
		p.stop()
	} else {
		p.kill()
	}
	f.t.Logf("node %d: %s", number, name)
	p.start()
	p.ready()
	f.took[name] = append(f.took[name], time.Since(begun))
}

// measure waits until every partition takes commands through every node, and notes how long
// that took.
func (f *faulty) measure(name string, begun time.Time) {
	var all sync.WaitGroup
	for _, p := range f.nodes {
		for _, s := range f.sites {
			all.Go(func() { probed(f.t, p, s) })
		}
	}
	all.Wait()
	f.took[name] = append(f.took[name], time.Since(begun))
}

// probed waits until the partition of a site takes a command, which changes nothing but the
// name of a workspace.
func probed(t testing.TB, p *process, s site) {
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		name := uuid.NewString()
		r, err := p.api.do("PATCH", "/v1/workspaces/"+s.ws, fmt.Sprintf(`{"name":%q}`, name), "Idempotency-Key", name)
		if err == nil && r.status == http.StatusOK {
			return
		}
		if time.Since(begun) > patience {
			t.Errorf("no command is taken: %v %d %s", err, r.status, r.body)
			return
		}
	}
}

// check compares what the clients noted with the log, and the nodes with each other.
func (f *faulty) check() {
	for name, took := range f.took {
		slices.Sort(took)
		f.t.Logf("%-28s %2d times: p50 %5.1f s, max %5.1f s", name, len(took), took[len(took)/2].Seconds(), took[len(took)-1].Seconds())
	}
	acked, unknown := 0, 0
	want := make([][]string, len(f.sites))
	for i := range f.clients {
		j := &f.clients[i]
		acked += len(j.acked)
		unknown += j.unknown
		for _, a := range j.acked {
			want[a.site] = append(want[a.site], a.user)
		}
	}
	f.t.Logf("%d members acknowledged, %d other answers", acked, unknown)
	for i, s := range f.sites {
		log := replayed(f.t, s, "--nats-url", f.url())
		for _, p := range f.nodes {
			probed(f.t, p, s)
		}
		f.compare(s, log, want[i])
	}
	verified(f.t, "--nats-url", f.url())
	for i, p := range f.nodes {
		p.stop()
		verified(f.t, "--nats-url", f.url(), "--data", f.dirs[i])
	}
}

// compare checks the events of a site: each acknowledged member is there, nobody is there twice,
// and every node shows the same events.
func (f *faulty) compare(s site, log, want []string) {
	times := map[string]int{}
	for _, text := range log {
		if e := parseEvent(f.t, text); e.Type == "muster.member.added" {
			times[e.User]++
		}
	}
	for _, user := range want {
		if times[user] != 1 {
			f.t.Errorf("user %s was acknowledged and is in %d events", user, times[user])
		}
	}
	for user, n := range times {
		if n > 1 {
			f.t.Errorf("user %s was added %d times", user, n)
		}
	}
	for i, p := range f.nodes {
		shown := p.api.history(s)
		for n, text := range log {
			if n >= len(shown) || shown[n] != text {
				f.t.Errorf("node %d shows %d events, the log held %d; event %d of the log is missing or another one:\n%s\nin its place is\n%s",
					i, len(shown), len(log), n, text, strings.Join(shown[min(n, len(shown)):min(n+1, len(shown))], ""))
				break
			}
		}
	}
}
