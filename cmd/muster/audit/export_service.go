package audit

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/muster-dev/muster/cmd/muster/audit/archive"
	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/wire"
)

const (
	// pageOfEvents is how many events are listed at once, and kept in memory with their proofs.
	pageOfEvents = 200
	// requestsAtOnce is how many proofs are asked for at the same time.
	requestsAtOnce = 8
)

// fromService exports an organization from a running service.
func (e *export) fromService(ctx context.Context, w *archive.Writer) error {
	s, err := e.begins(ctx)
	if err != nil {
		return err
	}
	e.about.Organization = e.organization.String()
	o, err := w.Organization(e.about)
	if err != nil {
		return err
	}
	o.Replaceable()
	path := "/v1/organizations/" + e.organization.String() + "/events"
	show, end := terminal.Progress(e.stderr, e.logger, "exporting the organization")
	defer end()
	var found, until uint64 // the number of the last event that may be exported
	var trees proofTrees
	for after := "earliest"; after != ""; {
		var page eventPage
		err := s.get(ctx, fmt.Sprintf("%s?page_size=%d&after=%s", path, pageOfEvents, url.QueryEscape(after)), &page)
		if err != nil {
			return err
		}
		if until == 0 && len(page.Items) > 0 {
			if until, err = s.last(ctx, page.Items); err != nil {
				return err
			}
		}
		ended := slices.IndexFunc(page.Items, func(i eventItem) bool { return i.Sequence.Number > until })
		if ended >= 0 { // written since the export was begun, perhaps faster than it can be exported
			page.Items, page.Next = page.Items[:ended], nil
		}
		proven, err := s.prove(ctx, path, page.Items)
		if err != nil {
			return err
		}
		for _, p := range proven {
			if err := o.Add(p.position, p.Event, []byte(p.Proof)); err != nil {
				return err
			}
			found++
		}
		trees.add(proven...)
		show(found, found+1)
		if after = ""; page.Next != nil {
			after = *page.Next
		}
	}
	if found == 0 {
		return fmt.Errorf("the service shows no events of organization %s", e.organization)
	}
	if err := s.unite(ctx, path, &trees, o); err != nil {
		return err
	}
	show(found, found)
	if len(trees.older) > 0 {
		e.logger.Warn("the service signs checkpoints faster than all proofs can be had, so that some lead to older checkpoints than the export's, which an auditor cannot connect: "+
			"export from the log (--data or --nats-url), or when less is written", slog.Int("events", len(trees.older)))
	}
	if err := o.Finish(s.verifier, trees.newest, nil); err != nil {
		return err
	}
	return e.done(fmt.Sprintf("%d events with their proofs", found))
}

// prover is a running service that proves events.
type prover struct {
	*client.Client
	verifier proof.Verifier
}

// begins reads the service's key.
func (r *reading) begins(ctx context.Context) (*prover, error) {
	if err := r.service.Authorize(); err != nil {
		return nil, err
	}
	s := &prover{Client: &r.service}
	var keys []byte
	err := client.Retrying(ctx, func() (err error) {
		keys, err = s.Text(ctx, "/v1/checkpoints/key")
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.verifier, err = proof.ParseVerifier(string(keys)); err != nil {
		return nil, fmt.Errorf("the service at %s shows no key of checkpoints (--url): %w", s.URL, err)
	}
	return s, nil
}

// eventPage is what this package needs of a page of events.
type eventPage struct {
	Items []eventItem `json:"items"`
	Next  *string     `json:"next_cursor"`
}

type eventItem struct {
	ID       string        `json:"id"`
	Sequence wire.Position `json:"sequence"`
}

// provenEvent is what the service sends as the proof of an event.
type provenEvent struct {
	Event []byte `json:"event"`
	Proof string `json:"tlog_proof"`

	id       string
	position wire.Position
	under    proof.Checkpoint
}

func (s *prover) get(ctx context.Context, path string, into any) error {
	return client.Retrying(ctx, func() error { return s.Call(ctx, http.MethodGet, path, nil, into) })
}

// prove gets the proofs of events, some at a time, and checks each.
func (s *prover) prove(ctx context.Context, path string, items []eventItem) ([]provenEvent, error) {
	proven := make([]provenEvent, len(items))
	requests, ctx := errgroup.WithContext(ctx)
	requests.SetLimit(requestsAtOnce)
	for i, item := range items {
		requests.Go(func() error {
			p := &proven[i]
			if err := s.get(ctx, path+"/"+url.PathEscape(item.ID)+"/proof", p); err != nil {
				return err
			}
			checked, err := s.verifier.Check(p.Event, []byte(p.Proof))
			if err != nil {
				return fmt.Errorf("event %s: %w", item.Sequence, err)
			}
			p.id, p.under = item.ID, checked.Checkpoint
			if p.position = checked.Position; p.position != item.Sequence {
				return fmt.Errorf("the service shows event %s at %s and proves it at %s", item.ID, item.Sequence, p.position)
			}
			return nil
		})
	}
	return proven, requests.Wait()
}

// last returns the number of the last event that an export has: that of the last checkpoint now, or of
// the first page if the checkpoint is older.
func (s *prover) last(ctx context.Context, first []eventItem) (uint64, error) {
	end := first[len(first)-1].Sequence
	var list checkpointList
	if err := s.get(ctx, "/v1/checkpoints", &list); err != nil {
		return 0, err
	}
	for _, item := range list.Items {
		if item.Partition != end.Partition {
			continue
		}
		cp, err := s.verifier.Open([]byte(item.Checkpoint))
		return max(end.Number, covered(cp).Number), err
	}
	return end.Number, nil
}

// proofTrees are the checkpoints that proofs lead to.
type proofTrees struct {
	newest proof.Checkpoint
	under  []eventItem // events whose proofs lead to it
	older  []eventItem // events whose proofs lead to older ones
}

func (t *proofTrees) add(proven ...provenEvent) {
	for _, p := range proven {
		item := eventItem{ID: p.id, Sequence: p.position}
		switch {
		case p.under.N < t.newest.N:
			t.older = append(t.older, item)
			continue
		case p.under.N > t.newest.N:
			t.older, t.under = append(t.older, t.under...), nil
		}
		t.newest, t.under = p.under, append(t.under, item)
	}
}

// unitings is how often proofs are asked for again that lead to older checkpoints.
const unitings = 5

// unite asks again for the proofs that lead to older checkpoints than the newest, so that all lead to
// the same one. If the service signs new ones faster than that, some are left.
func (s *prover) unite(ctx context.Context, path string, t *proofTrees, o *archive.Organization) error {
	for range unitings {
		again := t.older
		t.older = nil
		for items := range slices.Chunk(again, pageOfEvents) {
			proven, err := s.prove(ctx, path, items)
			if err != nil {
				return err
			}
			for _, p := range proven {
				if err := o.Replace(p.position, []byte(p.Proof)); err != nil {
					return err
				}
			}
			t.add(proven...)
		}
	}
	return nil
}
