package audit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

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
	path := "/v1/organizations/" + e.organization.String() + "/events"
	show, end := terminal.Progress(e.stderr, e.logger, "exporting the organization")
	defer end()
	var found uint64
	var partition int
	for after := "earliest"; after != ""; {
		var page eventPage
		err := s.get(ctx, fmt.Sprintf("%s?page_size=%d&after=%s", path, pageOfEvents, url.QueryEscape(after)), &page)
		if err != nil {
			return err
		}
		proven, err := s.prove(ctx, path, page.Items)
		if err != nil {
			return err
		}
		for _, p := range proven {
			if err := o.Add(p.position, p.Event, []byte(p.Proof)); err != nil {
				return err
			}
			found, partition = found+1, p.position.Partition
		}
		show(found, found+1)
		if after = ""; page.Next != nil {
			after = *page.Next
		}
	}
	if found == 0 {
		return fmt.Errorf("the service shows no events of organization %s", e.organization)
	}
	cp, err := s.checkpoint(ctx, partition)
	if err != nil {
		return err
	}
	show(found, found)
	if err := o.Finish(s.verifier, cp, nil); err != nil {
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

	position wire.Position
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
			if p.position = checked.Position; p.position != item.Sequence {
				return fmt.Errorf("the service shows event %s at %s and proves it at %s", item.ID, item.Sequence, p.position)
			}
			return nil
		})
	}
	return proven, requests.Wait()
}

// checkpoint gets the last checkpoint of a partition.
func (s *prover) checkpoint(ctx context.Context, partition int) (proof.Checkpoint, error) {
	var list checkpointList
	if err := s.get(ctx, "/v1/checkpoints", &list); err != nil {
		return proof.Checkpoint{}, err
	}
	for _, item := range list.Items {
		if item.Partition == partition {
			return s.verifier.Open([]byte(item.Checkpoint))
		}
	}
	return proof.Checkpoint{}, errors.New("the service has no checkpoint of the organization's partition")
}
