package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/audit/archive"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// prove is one run of the command.
type prove struct {
	reading
	organization domain.OrganizationID
	events       []string
	wanted       []wantedEvent
	dir          string
	out          io.Writer
}

// wantedEvent is an event that is given by its id or its position.
type wantedEvent struct {
	text string
	id   domain.EventID // zero if it is given by its position
	at   wire.Position

	entry wire.Entry // once it was found in the log
}

func newProve() *cobra.Command {
	p := prove{dir: "."}
	cmd := &cobra.Command{
		Use: "prove --event ID|POSITION", Short: "Write the proof that the log has an event",
		Long: "Prove writes two files for each event: its bytes as the log stores them (P-N.json), and the\n" +
			"proof that they are in the log at their position (P-N.tlog-proof, in the format\n" +
			"c2sp.org/tlog-proof). Nothing of other events is in them but hashes. Whoever has the public\n" +
			"key of the service can check them with muster audit verify or with other people's software.\n\n" +
			"The log is in a data directory (--data), also beside the service that runs on it, on NATS\n" +
			"(--nats-url), or behind a running service (--url), which needs --organization and a token\n" +
			"with the scope events:read.",
		Example: "  muster audit prove --event 3-1042\n" +
			"  muster audit prove --event 01KHQ3M6Z8V2N4T7X9B1C3D5F7 --organization ORG --url https://muster.example.com --token TOKEN",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if err := p.begin(cmd); err != nil {
				return err
			}
			p.out = cmd.OutOrStdout()
			if err := p.check(); err != nil {
				return err
			}
			if p.remote {
				return p.fromService(cmd.Context())
			}
			return p.fromLog(cmd.Context())
		}),
	}
	f := cmd.Flags()
	p.flags(f)
	f.Var(terminal.NewList(&p.events, "id|position", "an event's id, or a position like 3-1042, is expected", func(s string) string { return s }), "event",
		"the event, by its id or its position; may be repeated")
	f.Var(terminal.NewParsed(&p.organization, "id", terminal.ParseID), "organization", "the organization that the event is of; needed with --url")
	f.Var(terminal.NotEmpty(&p.dir), "out", "directory to write the files to; it is made if it is missing")
	_ = cmd.MarkFlagRequired("event") // fails only for a flag that does not exist
	return cmd
}

// check reads the events of the command line.
func (p *prove) check() error {
	if p.remote && p.organization.IsZero() {
		return terminal.Usage("--organization is needed with --url")
	}
	for _, text := range p.events {
		w := wantedEvent{text: text}
		id, err := ulid.ParseStrict(text)
		if err != nil {
			w.at, err = wire.ParsePosition(text)
		}
		if err != nil || id == (ulid.ULID{}) && w.at.Number == 0 {
			return terminal.Usage("--event %.40q: an event's id like 01KHQ3M6Z8V2N4T7X9B1C3D5F7 is expected, or a position like 3-1042", text)
		}
		w.id = domain.EventID(id)
		p.wanted = append(p.wanted, w)
	}
	return nil
}

func (p *prove) fromLog(ctx context.Context) (err error) {
	log, _, signed, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	if err := p.find(ctx, log, signed); err != nil {
		return err
	}
	trees := make(map[int]*hashes)
	defer func() {
		for _, tree := range trees {
			err = errors.Join(err, tree.close())
		}
	}()
	for i := range p.wanted {
		w := &p.wanted[i]
		cp := signed[w.at.Partition]
		tree := trees[w.at.Partition]
		if tree == nil {
			if tree, err = p.tree(ctx, log, cp); err != nil {
				return err
			}
			trees[w.at.Partition] = tree
		}
		proven, err := proof.Prove(tree, cp, w.at.Number, w.entry.Stored)
		if err != nil {
			return err
		}
		if err := p.write(w.entry.ID.String(), proven.Position, w.entry.Stored, proven.Text()); err != nil {
			return err
		}
	}
	return p.say()
}

// find finds all events that are wanted, before anything is written.
func (p *prove) find(ctx context.Context, log *events.Log, signed []proof.Checkpoint) error {
	missing := make(map[domain.EventID][]*wantedEvent)
	for i := range p.wanted {
		w := &p.wanted[i]
		switch {
		case w.at.Number == 0:
			missing[w.id] = append(missing[w.id], w)
			continue
		case w.at.Partition >= len(signed):
			return terminal.Usage("--event %s: the last partition of the log is %d", w.text, len(signed)-1)
		case w.at.Number > covered(signed[w.at.Partition]).Number:
			return w.unknown()
		}
		var err error
		if w.entry, err = log.Entry(ctx, w.at); errors.Is(err, store.ErrNoMessage) {
			return fmt.Errorf("%w: %w", w.unknown(), err)
		} else if err != nil {
			return err
		}
	}
	for number := 0; number < len(signed) && len(missing) > 0; number++ {
		if err := p.inPartition(ctx, log, signed[number], missing); err != nil {
			return err
		}
	}
	for i := range p.wanted {
		w := &p.wanted[i]
		if w.entry.Event == nil {
			return w.unknown()
		}
		if org := w.entry.Event.Concerns().Organization; !p.organization.IsZero() && org != p.organization {
			return fmt.Errorf("event %s is of organization %s", w.text, org)
		}
	}
	return nil
}

func (w *wantedEvent) unknown() error {
	return fmt.Errorf("the log has no event %s up to its last checkpoint", w.text)
}

// errFound ends the replay that has met all events.
var errFound = errors.New("the events were found")

// inPartition looks for events by their ids, and takes those that it finds out of what is missing.
func (p *prove) inPartition(ctx context.Context, log *events.Log, cp proof.Checkpoint, missing map[domain.EventID][]*wantedEvent) error {
	err := p.replay(ctx, log, cp, func(e *wire.Entry) error {
		for _, w := range missing[e.ID] {
			w.at, w.entry = wire.Position{Partition: cp.Partition, Number: e.Number}, *e
		}
		if delete(missing, e.ID); len(missing) == 0 {
			return errFound
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return nil
	}
	return err
}

func (p *prove) fromService(ctx context.Context) error {
	s, err := p.begins(ctx)
	if err != nil {
		return err
	}
	path := "/v1/organizations/" + p.organization.String() + "/events"
	for _, w := range p.wanted {
		item := eventItem{ID: w.text, Sequence: w.at}
		if w.at.Number > 0 {
			var page eventPage
			before := wire.Position{Partition: w.at.Partition, Number: w.at.Number - 1}
			if err := s.get(ctx, path+"?page_size=1&after="+url.QueryEscape(before.String()), &page); err != nil {
				return err
			}
			if len(page.Items) == 0 || page.Items[0].Sequence != w.at {
				return fmt.Errorf("organization %s has no event %s", p.organization, w.at)
			}
			item = page.Items[0]
		} else if err := s.get(ctx, path+"/"+url.PathEscape(w.text), &item); err != nil {
			return err
		}
		proven, err := s.prove(ctx, path, []eventItem{item})
		if err != nil {
			return err
		}
		if err := p.write(item.ID, proven[0].position, proven[0].Event, []byte(proven[0].Proof)); err != nil {
			return err
		}
	}
	return p.say()
}

// write writes the two files of an event. It makes the directory if it is missing.
func (p *prove) write(id string, at wire.Position, event, text []byte) error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	for suffix, content := range map[string][]byte{archive.EventSuffix: event, archive.ProofSuffix: text} {
		f, err := os.OpenFile(filepath.Join(p.dir, at.String()+suffix), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = f.Write(content)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(p.out, "event %s: %s has its bytes, and %s the proof\n", id, at.String()+archive.EventSuffix, at.String()+archive.ProofSuffix)
	return err
}

// say says how to check what was written.
func (p *prove) say() error {
	_, err := fmt.Fprintf(p.out, "check it: muster audit verify --key KEY %s\n"+
		"KEY must come from somewhere else, such as GET /v1/checkpoints/key of the service\n", filepath.Join(p.dir, "P-N"+archive.ProofSuffix))
	return err
}
