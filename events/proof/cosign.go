package proof

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	// witnessPatience is how long one request to a witness may take. A checkpoint is published
	// after that time at the latest.
	witnessPatience = 3 * time.Second
	// witnessRetry and witnessRest bound the pause after a witness has failed. It is not asked
	// meanwhile, so that nobody waits for it.
	witnessRetry, witnessRest = 2 * time.Second, 5 * time.Minute
	// witnessReply is the most bytes of a reply that are read.
	witnessReply = 16 << 10
)

// witnessed is a witness of one partition. Only the round that is under way touches it.
type witnessed struct {
	Witness
	client *http.Client

	seen     int64         // the tree that the witness has signed last, as far as is known
	signed   int64         // the tree that lines are about
	lines    []byte        // its signature lines
	failed   time.Time     // when it failed last
	pause    time.Duration // how long it is not asked since then; 0 after a success
	grumbled bool          // its failure was logged
}

// offer publishes a checkpoint, after the witnesses were asked to sign it.
func (p *partition) offer(ctx context.Context, c Checkpoint) {
	if len(p.witnesses) == 0 || c.N == 0 {
		p.publish(c, nil)
		return
	}
	p.mu.Lock()
	p.rounding, p.ask = true, time.Time{}
	p.mu.Unlock()
	p.rounds.Go(func() {
		cosigned, names, again := p.round(ctx, c)
		p.publish(cosigned, names)
		p.mu.Lock()
		p.rounding, p.ask = false, again
		p.mu.Unlock()
		p.signal()
	})
}

// round asks the witnesses side by side. It returns the checkpoint with the signatures that
// there are, whose they are, and when to ask the others again.
func (p *partition) round(ctx context.Context, c Checkpoint) (_ Checkpoint, names []string, again time.Time) {
	var asked sync.WaitGroup
	for _, w := range p.witnesses {
		if w.signed == c.N || time.Since(w.failed) < w.pause {
			continue
		}
		asked.Go(func() {
			err := w.ask(ctx, p.tree, c)
			if err == nil {
				w.pause, w.grumbled = 0, false
				return
			}
			w.failed, w.pause = time.Now(), min(max(2*w.pause, witnessRetry), witnessRest)
			if !w.grumbled && ctx.Err() == nil {
				w.grumbled = true
				p.logger.Warn("a witness does not sign checkpoints; it is asked again", slog.Int("partition", p.number),
					slog.String("witness", w.Name()), slog.Any("error", err))
			}
		})
	}
	asked.Wait()
	signed := c
	signed.Note = plain(c.Note)
	for _, w := range p.witnesses {
		if w.signed == c.N {
			signed.Note, names = append(signed.Note, w.lines...), append(names, w.Name())
			continue
		}
		if at := w.failed.Add(w.pause); again.IsZero() || at.Before(again) {
			again = at
		}
	}
	return signed, names, again
}

// plain returns a copy of a checkpoint without the signatures of witnesses: of its signatures
// the first one is the installation's.
func plain(signed []byte) []byte {
	text, signatures, _ := bytes.Cut(signed, []byte("\n\n"))
	first, _, _ := bytes.Cut(signatures, []byte("\n"))
	return fmt.Appendf(nil, "%s\n\n%s\n", text, first)
}

// ask asks the witness to sign the checkpoint.
func (w *witnessed) ask(ctx context.Context, r tlog.HashReader, c Checkpoint) error {
	ctx, cancel := context.WithTimeout(ctx, witnessPatience)
	defer cancel()
	lines, err := w.add(ctx, r, c, w.seen)
	if other, ok := errors.AsType[*otherSize](err); ok && other.size != w.seen {
		w.seen = other.size // it knows another tree than is known here
		lines, err = w.add(ctx, r, c, w.seen)
	}
	if err != nil {
		return err
	}
	own, err := w.check(c, lines)
	if err != nil {
		return err
	}
	w.seen, w.signed, w.lines = c.N, c.N, own
	return nil
}

// otherSize is the reply of a witness that has signed a tree of another size before.
type otherSize struct{ size int64 }

func (o *otherSize) Error() string {
	return fmt.Sprintf("the witness has seen a tree of %d events", o.size)
}

// add sends the request add-checkpoint of c2sp.org/tlog-witness.
func (w *witnessed) add(ctx context.Context, r tlog.HashReader, c Checkpoint, old int64) ([]byte, error) {
	if old > c.N {
		return nil, fmt.Errorf("the witness has seen a tree of %d events, and this one has %d", old, c.N)
	}
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", old)
	if old > 0 && old < c.N {
		hashes, err := tlog.ProveTree(c.N, old, r)
		if err != nil {
			return nil, err
		}
		for _, h := range hashes {
			fmt.Fprintf(&body, "%s\n", h)
		}
	}
	body.WriteString("\n")
	body.Write(plain(c.Note))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/add-checkpoint", &body)
	if err != nil {
		return nil, fmt.Errorf("asking a witness: %w", err)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking a witness: %w", err)
	}
	defer response.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(response.Body, witnessReply))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading a witness's reply: %w", err)
	case response.StatusCode == http.StatusOK:
		return reply, nil
	case response.StatusCode == http.StatusConflict:
		if size, err := strconv.ParseInt(strings.TrimSpace(string(reply)), 10, 64); err == nil && size >= 0 {
			return nil, &otherSize{size}
		}
	}
	return nil, fmt.Errorf("the witness replied %s: %.200q", response.Status, reply)
}

// check returns those signature lines of a reply that are the witness's and right.
func (w *witnessed) check(c Checkpoint, lines []byte) (own []byte, _ error) {
	opened, err := note.Open(append(plain(c.Note), lines...), note.VerifierList(w.verifier))
	if err != nil {
		return nil, fmt.Errorf("checking a witness's signature: %w", err)
	}
	if !canonical(opened.Sigs) {
		return nil, errors.New("checking a witness's signature: its base64 is not canonical")
	}
	for _, s := range opened.Sigs {
		own = fmt.Appendf(own, "— %s %s\n", s.Name, s.Base64)
	}
	return own, nil
}
