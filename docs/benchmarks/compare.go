package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// line is one kind of work.
type line struct {
	what    string
	callers int
	do      func(s service, r *rand.Rand) error
}

func (w *world) lines() []line {
	any := func(r *rand.Rand) int { return r.IntN(len(w.workspaces)) }
	add := func(s service, workspace int) error {
		who := uuid.NewString()
		return s.add(workspace, who, who+"@example.com")
	}
	var all []line
	for _, callers := range []int{1, 64, 256} {
		all = append(all, line{"add member", callers, func(s service, r *rand.Rand) error { return add(s, any(r)) }})
	}
	all = append(all, line{"add member, one organization", 64, func(s service, r *rand.Rand) error {
		return add(s, r.IntN(len(w.workspaces)/organizations)*organizations)
	}})
	for _, callers := range []int{1, 64} {
		all = append(all,
			line{"check, member", callers, func(s service, r *rand.Rand) error {
				workspace := any(r)
				return s.check(workspace, person(w.member(workspace, r.IntN(members))), true)
			}},
			line{"check, inherited", callers, func(s service, r *rand.Rand) error {
				workspace := any(r)
				return s.check(workspace, admin(workspace), true)
			}},
			line{"check, denied", callers, func(s service, r *rand.Rand) error { return s.check(any(r), uuid.NewString(), false) }},
			line{"list 100 members", callers, func(s service, r *rand.Rand) error { return s.list(any(r)) }},
			line{"workspaces of a user", callers, func(s service, r *rand.Rand) error {
				workspace := any(r)
				return s.reachable(workspace, person(w.member(workspace, r.IntN(members))))
			}},
		)
	}
	return all
}

// compare fills both services and prints a table with the medians of all lines.
func compare(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	musterURL := flags.String("muster", "http://127.0.0.1:28080", "Muster's address; its log must be empty")
	root := flags.String("root", "", "its root token")
	crudURL := flags.String("crud", "http://127.0.0.1:28090", "address of the hand-written service")
	dsn := flags.String("postgres", "", "its database, without memberships")
	memberships := flags.Int("memberships", 1_000_000, "how many memberships, in whole ten thousands")
	each := flags.Duration("time", 2*time.Second, "how long each measurement takes")
	rounds := flags.Int("rounds", 3, "how many measurements of each line, of both services in turn")
	only := flags.String("only", "", "only lines that contain this text")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *memberships < organizations*members || *rounds < 1 {
		return errors.New("at least 10,000 memberships and one round are expected")
	}
	w := &world{organizations: make([]organization, organizations), workspaces: make([]string, *memberships/members), people: *memberships / 5}
	m, h := &muster{w, *musterURL}, &handWritten{w, *crudURL}
	if err := w.fillMuster(ctx, m, *root); err != nil {
		return err
	}
	if err := w.fillPostgres(ctx, *dsn); err != nil {
		return err
	}
	fmt.Println("| work | callers | Muster/s | p50 | p99 | PostgreSQL/s | p50 | p99 | times |\n|---|---|---|---|---|---|---|---|---|")
	for _, l := range w.lines() {
		if !strings.Contains(l.what, *only) {
			continue
		}
		var ours, theirs []figures
		for range *rounds {
			for _, side := range []struct {
				service service
				into    *[]figures
			}{{m, &ours}, {h, &theirs}} {
				f, err := l.measure(ctx, side.service, *each)
				if err != nil {
					return fmt.Errorf("%s: %w", l.what, err)
				}
				*side.into = append(*side.into, f)
			}
		}
		a, b := median(ours), median(theirs)
		fmt.Printf("| %s | %d | %s | %s | %.2f |\n", l.what, l.callers, a, b, a.rate/b.rate)
	}
	return nil
}

// figures are what one measurement found.
type figures struct {
	rate     float64 // per second
	p50, p99 time.Duration
}

func (f figures) String() string {
	short := func(d time.Duration) string {
		if ms := d.Seconds() * 1000; ms < 10 {
			return fmt.Sprintf("%.2g ms", ms)
		}
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.0f | %s | %s", f.rate, short(f.p50), short(f.p99))
}

// median returns the figures with the median rate.
func median(all []figures) figures {
	slices.SortFunc(all, func(a, b figures) int { return int(a.rate - b.rate) })
	return all[len(all)/2]
}

// measure lets the callers work for the time.
func (l line) measure(ctx context.Context, s service, each time.Duration) (figures, error) {
	times, errs := make([][]time.Duration, l.callers), make([]error, l.callers)
	var all sync.WaitGroup
	begin := time.Now()
	for i := range l.callers {
		all.Go(func() {
			r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
			for time.Since(begin) < each && errs[i] == nil {
				at := time.Now()
				errs[i] = l.do(s, r)
				times[i] = append(times[i], time.Since(at))
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return figures{}, err
	}
	flat := slices.Sorted(slices.Values(slices.Concat(times...)))
	fmt.Fprintf(os.Stderr, "%s: %s, %d callers: %.0f/s\n", s, l.what, l.callers, float64(len(flat))/took.Seconds())
	return figures{float64(len(flat)) / took.Seconds(), flat[len(flat)/2], flat[len(flat)*99/100]}, nil
}
