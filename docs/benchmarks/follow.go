package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// ticksPerSecond is how many ticks the kernel counts in a second of processor time (USER_HZ).
const ticksPerSecond = 100

// following is a measurement of streams of events: how many follow how many organizations,
// and what one of these organizations writes.
type following struct {
	muster
	root          string
	pid           int
	followers     int
	organizations int
	events        int
	rate          int // events a second; 0: one after the other
}

// written is an event that was written: its number in the partition, when the request was
// sent, and when its response came.
type written struct {
	number         uint64
	sent, answered time.Time
}

// follow opens streams, writes events, and checks that every follower of the organization
// gets all of them, each of them once and in order, and that nobody else gets any.
func follow(ctx context.Context, arguments []string) error {
	f := following{muster: muster{world: &world{}}}
	flags := flag.NewFlagSet("follow", flag.ContinueOnError)
	flags.StringVar(&f.url, "muster", "", "the URL of Muster")
	flags.StringVar(&f.root, "root", "", "its root token")
	flags.IntVar(&f.pid, "pid", 0, "its process, on this machine, to measure memory and processor time")
	flags.IntVar(&f.followers, "followers", 1000, "how many streams are open")
	flags.IntVar(&f.organizations, "organizations", 1, "how many organizations they follow; the first one writes")
	flags.IntVar(&f.events, "events", 1000, "how many events it writes")
	flags.IntVar(&f.rate, "rate", 0, "how many events a second it writes; 0: one after the other")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if f.url == "" || f.followers < 1 || f.organizations < 1 || f.followers < f.organizations || f.events < 1 {
		return errors.New("-muster, and at least one event, one organization, and one follower for each are expected")
	}
	return f.run(ctx)
}

func (f *following) run(ctx context.Context) error {
	paths, workspace, err := f.fill()
	if err != nil {
		return err
	}
	before, _ := f.used()
	streams := make([]*stream, f.followers)
	for i := range streams {
		if streams[i], err = open(ctx, f.url, paths[i%f.organizations], f.root, f.events); err != nil {
			return fmt.Errorf("follower %d: %w", i, err)
		}
		defer streams[i].close()
	}
	idle, processor := f.used()
	var reading sync.WaitGroup
	for _, s := range streams {
		reading.Go(s.read)
	}
	all, err := f.write(ctx, workspace)
	if err != nil {
		return err
	}
	wrote := time.Since(all[0].sent)
	deadline := time.AfterFunc(time.Minute, func() {
		for _, s := range streams {
			s.close()
		}
	})
	defer deadline.Stop()
	for i, s := range streams {
		if i%f.organizations == 0 {
			<-s.complete
		}
	}
	took := time.Since(all[0].sent)
	busy, after := f.used()
	for _, s := range streams {
		s.close()
	}
	reading.Wait()
	latencies, err := f.check(all, streams)
	if err != nil {
		return err
	}
	slices.Sort(latencies)
	fmt.Printf("%d followers of %d organizations, %d events of one of them: %d received, none missing, none twice, in order\n", f.followers, f.organizations, f.events, len(latencies))
	fmt.Printf("written in %s, received in %s: %.0f a second\n", wrote.Round(time.Millisecond), took.Round(time.Millisecond), float64(len(latencies))/took.Seconds())
	fmt.Printf("from the response to the writer until it is received: p50 %s, p99 %s, at most %s\n", quantile(latencies, 50), quantile(latencies, 99), quantile(latencies, 100))
	if f.pid != 0 {
		fmt.Printf("resident memory: %s MB before, %s MB with the streams, %s MB after the events\n", before, idle, busy)
		fmt.Printf("processor time of the service: %.0f µs for each event\n", (after-processor).Seconds()*1e6/float64(f.events))
	}
	return nil
}

// fill makes the organizations, and returns the paths of their events and a workspace of
// the first one.
func (f *following) fill() (paths []string, workspace string, err error) {
	for i := range f.organizations {
		owner := uuid.NewString()
		org, err := f.create("/v1/organizations", f.root, fmt.Sprintf(`{"name":"Organization %d","owner":{"user_id":%q,"email":"%s@example.com"}}`, i, owner, owner))
		if err != nil {
			return nil, "", err
		}
		paths = append(paths, "/v1/organizations/"+org.ID+"/events?after=latest")
		if i > 0 {
			continue
		}
		ws, err := f.create("/v1/organizations/"+org.ID+"/workspaces", f.root, fmt.Sprintf(`{"name":"Workspace","owner_user_id":%q}`, owner))
		if err != nil {
			return nil, "", err
		}
		workspace = ws.ID
	}
	return paths, workspace, nil
}

// write writes the events.
func (f *following) write(ctx context.Context, workspace string) ([]written, error) {
	all := make([]written, 0, f.events)
	begin := time.Now()
	for i := range f.events {
		if f.rate > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(f.rate))))
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		w := written{sent: time.Now()}
		position, err := position(f.url+"/v1/workspaces/"+workspace+"/members", f.root, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, uuid.NewString()))
		if err != nil {
			return nil, err
		}
		w.answered = time.Now()
		_, number, _ := strings.Cut(position, "-")
		if w.number, err = strconv.ParseUint(number, 10, 64); err != nil {
			return nil, fmt.Errorf("the position %q: %w", position, err)
		}
		all = append(all, w)
	}
	return all, nil
}

// check returns how long after the response to its writer each event was received.
func (f *following) check(all []written, streams []*stream) (latencies []time.Duration, err error) {
	for i, s := range streams {
		if i%f.organizations != 0 {
			if len(s.got) > 0 {
				return nil, fmt.Errorf("follower %d of another organization got %d events", i, len(s.got))
			}
			continue
		}
		if len(s.got) != len(all) {
			return nil, fmt.Errorf("follower %d got %d events of %d: %w", i, len(s.got), len(all), s.err)
		}
		for k, got := range s.got {
			if got.number != all[k].number {
				return nil, fmt.Errorf("follower %d got event %d as number %d, not event %d", i, got.number, k+1, all[k].number)
			}
			latencies = append(latencies, max(0, got.at.Sub(all[k].answered)))
		}
	}
	return latencies, nil
}

// used returns the resident memory of the process in MB, and the processor time that it has
// used.
func (f *following) used() (megabytes string, processor time.Duration) {
	if f.pid == 0 {
		return "", 0
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.pid))
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
			kilobytes, _ := strconv.Atoi(fields[1])
			megabytes = strconv.Itoa(kilobytes >> 10)
		}
	}
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", f.pid))
	_, rest, _ := strings.Cut(string(stat), ") ") // fields from the third one on
	for i, field := range strings.Fields(rest) {
		if i == 11 || i == 12 { // utime and stime
			ticks, _ := strconv.Atoi(field)
			processor += time.Duration(ticks) * time.Second / ticksPerSecond
		}
	}
	return megabytes, processor
}

func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)].Round(10 * time.Microsecond)
}

// hostOf returns the host and the port of a URL.
func hostOf(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", err
	}
	return u.Host, nil
}
