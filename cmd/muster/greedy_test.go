package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The long form, which measures:
//
//	go test ./cmd/muster -run TestGreedyReaders -count 1 -v -greedy.readers 500 -greedy.events 100000 -greedy.time 20s
var (
	greedyReaders = flag.Int("greedy.readers", 20, "how many readers follow from the beginning")
	greedyEvents  = flag.Int("greedy.events", 6000, "how many events there are before they come")
	greedyTime    = flag.Duration("greedy.time", time.Second, "how long the writers are measured, without readers and with them")
)

// manyReaders is how many readers make the test demand what is promised for 500. Fewer, on a
// machine that does other things, only show that nobody misses an event.
const manyReaders = 500

// greedyWriters is how many clients write at once.
const greedyWriters = 16

// Readers that begin at the first event get every event once and in order, while others
// write. The long form says what the readers cost the writers.
func TestGreedyReaders(t *testing.T) {
	t.Parallel()
	p := serving(t, t.TempDir(), nativeOnly)
	org, ws := crowd(p, *greedyEvents)
	path := "/v1/organizations/" + org + "/events?after=earliest"

	alone := writeFor(p, ws, *greedyTime)
	before := residentPeak(t, p)
	ctx, cancel := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	var received atomic.Int64
	wrong := make(chan error, *greedyReaders)
	for range *greedyReaders {
		readers.Go(func() {
			if err := readAll(ctx, p, path, &received); err != nil && ctx.Err() == nil {
				wrong <- err
			}
		})
	}
	beside := writeFor(p, ws, *greedyTime)
	got := received.Load()
	memory := residentPeak(t, p)
	cancel()
	readers.Wait()
	close(wrong)
	for err := range wrong {
		t.Error(err)
	}
	if got == 0 {
		t.Error("the readers got nothing")
	}
	if *greedyReaders >= manyReaders {
		if a, b := alone.at(0.99), beside.at(0.99); b > 3*a {
			t.Errorf("the writers' p99 is %s beside the readers, and %s without", b, a)
		}
		if memory > 400<<20 {
			t.Errorf("the service had %d MB", memory>>20)
		}
	}
	t.Logf("%d events, %d readers, %d writers: alone %s; with the readers %s; the readers got %d events/s; peak of resident memory %d MB, before they came %d MB",
		*greedyEvents, *greedyReaders, greedyWriters, alone, beside, int(float64(got)/greedyTime.Seconds()), memory>>20, before>>20)
}

// crowd makes an organization with about that many events.
func crowd(p *process, events int) (org, ws string) {
	var made struct{ ID string }
	decode := func(r reply) string {
		if err := json.Unmarshal(r.body, &made); err != nil {
			p.t.Fatal(err)
		}
		return made.ID
	}
	org = decode(p.api.must(201, "POST", "/v1/organizations", fmt.Sprintf(`{"name":"Crowd","owner":{"user_id":%q,"email":"owner@example.com"}}`, uuid.NewString())))
	ws = decode(p.api.must(201, "POST", "/v1/organizations/"+org+"/workspaces", fmt.Sprintf(`{"name":"Crowd","owner_user_id":%q}`, uuid.NewString())))
	const each = 500
	for range (events + each - 1) / each {
		operations := make([]string, each)
		for i := range operations {
			operations[i] = fmt.Sprintf(`{"op":"add","user_id":%q,"role":"viewer"}`, uuid.NewString())
		}
		p.api.must(200, "POST", "/v1/workspaces/"+ws+"/members/batch", `{"mode":"best_effort","operations":[`+strings.Join(operations, ",")+`]}`)
	}
	return org, ws
}

// latencies are how long requests took.
type latencies []time.Duration

func (l latencies) String() string {
	return fmt.Sprintf("%d writes, p50 %s, p99 %s, most %s", len(l), l.at(0.5), l.at(0.99), l.at(1))
}

// at returns the time within which that share of the writes was answered.
func (l latencies) at(share float64) time.Duration {
	return l[int(share*float64(len(l)-1))].Round(100 * time.Microsecond)
}

// writeFor adds members from several clients for that long, and returns the sorted times.
func writeFor(p *process, ws string, long time.Duration) latencies {
	var mu sync.Mutex
	var all latencies
	var writers sync.WaitGroup
	end := time.Now().Add(long)
	for range greedyWriters {
		writers.Go(func() {
			for time.Now().Before(end) {
				begin := time.Now()
				r, err := p.api.do("PUT", "/v1/workspaces/"+ws+"/members/"+uuid.NewString(), `{"role":"viewer"}`)
				if err != nil || r.status != http.StatusCreated {
					p.t.Errorf("%d %s, %v", r.status, r.body, err)
					return
				}
				mu.Lock()
				all = append(all, time.Since(begin))
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	slices.Sort(all)
	return all
}

// readAll follows the events until the context ends, and returns an error if they are not
// in order. An organization's events are without gaps here, because it is alone.
func readAll(ctx context.Context, p *process, path string, received *atomic.Int64) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.api.url+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+processToken)
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewReaderSize(response.Body, 64<<10)
	var last uint64
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return err
		}
		id, ok := strings.CutPrefix(string(line[:min(len(line), 40)]), "id: ")
		if !ok {
			continue
		}
		_, text, _ := strings.Cut(strings.TrimSpace(id), "-")
		number, err := strconv.ParseUint(text, 10, 64)
		if err != nil || number <= last || last > 0 && number != last+1 {
			return fmt.Errorf("event %q came after %d", id, last)
		}
		last = number
		received.Add(1)
	}
}

// residentPeak returns the most memory that the process has had.
func residentPeak(t *testing.T, p *process) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kilobytes << 10
		}
	}
	return 0
}
