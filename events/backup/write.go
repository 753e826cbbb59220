package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
	"github.com/muster-dev/muster/events/wire"
)

// partSize is about how many bytes a part has before it is compressed. At most one message
// comes on top.
const partSize = 4 << 20

// Options say what a backup gets besides the log and the cursors.
type Options struct {
	// Version of Muster that writes the backup.
	Version string
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// KeysFor are those who can decrypt the keys. Without them, there are no keys in the backup.
	KeysFor []age.Recipient
	// Progress is called with how many messages of how many were written; nil for none.
	Progress func(done, of uint64)
}

// Write writes a backup of the log. The store is only read, and may be that of a running service
// ([store.Options.Running]). The memory that Write needs does not grow with the log, except for
// some 200 bytes for each 4 MB.
func Write(ctx context.Context, to io.Writer, s *store.Store, o Options) (Head, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(uint64, uint64) {}
	}
	if len(o.KeysFor) > 0 && s.ServedByNode() {
		return Head{}, ErrKeysElsewhere
	}
	head := Head{Format: formatNumber, Muster: o.Version, Created: o.Now().UTC().Truncate(time.Second), Log: s.Log(), Keys: len(o.KeysFor) > 0}
	cursors, err := s.Latest(ctx, subscription.Cursors().Name)
	if err != nil {
		return head, err
	}
	checkpoints, signed, err := proof.CopyOf(ctx, s)
	if err != nil {
		return head, err
	}
	ends := make([]wire.Checkpoint, len(s.Partitions))
	for i, p := range s.Partitions {
		if ends[i], err = p.Prefix(ctx); err != nil {
			return head, err
		}
		head.Partitions = append(head.Partitions, End{ends[i].Message, ends[i].Number, ends[i].Hash})
	}
	w, err := newWriter(to, head.Created)
	if err != nil {
		return head, err
	}
	defer func() { _ = w.zstd.Close() }() // it holds nothing back
	if err := w.json(headName, head); err != nil {
		return head, err
	}
	if err := w.cursors(cursors); err != nil {
		return head, err
	}
	for p, note := range checkpoints.Checkpoints {
		if err := w.part(fmt.Sprintf(checkpointPart, p), note, nil); err != nil {
			return head, err
		}
	}
	if len(o.KeysFor) > 0 {
		sources := []KeySource{sharedKeys(s), personalKeys(s)}
		if signed {
			sources = append(sources, oneKey(Key{Kind: KeyCheckpoint, Secret: checkpoints.Key}))
		}
		if err := w.keys(ctx, o.KeysFor, append([]KeySource{oneKey(Key{Kind: keyLog, ID: s.Log()})}, sources...)); err != nil {
			return head, err
		}
	}
	if err := s.Release(); err != nil {
		return head, err
	}
	done, of := uint64(0), head.Messages()
	o.Progress(0, of)
	for i, p := range s.Partitions {
		err := w.log(ctx, p, ends[i], func() {
			done++
			o.Progress(done, of)
		})
		if err != nil {
			return head, err
		}
	}
	return head, w.close()
}

// writer writes the parts of a backup.
type writer struct {
	tar   *tar.Writer
	time  time.Time
	zstd  *zstd.Encoder
	parts []Part

	plain  bytes.Buffer // of the part that is being made
	packed []byte       // reused
}

func newWriter(to io.Writer, created time.Time) (*writer, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return &writer{tar: tar.NewWriter(to), time: created, zstd: encoder}, nil
}

// header is how a part is entered in the archive. It depends on nothing else, so that every byte of the
// archive can be checked.
func header(name string, size int64, created time.Time) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: created, Format: tar.FormatUSTAR}
}

// part writes a part.
func (w *writer) part(name string, content []byte, span *Span) error {
	if err := w.tar.WriteHeader(header(name, int64(len(content)), w.time)); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	if _, err := w.tar.Write(content); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	w.parts = append(w.parts, Part{Name: name, Size: int64(len(content)), SHA256: domain.Hash(sha256.Sum256(content)), Span: span})
	return nil
}

func (w *writer) json(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return w.part(name, append(text, '\n'), nil)
}

// pack writes what has gathered as a compressed part.
func (w *writer) pack(name string, span *Span) error {
	w.packed = w.zstd.EncodeAll(w.plain.Bytes(), w.packed[:0])
	w.plain.Reset()
	return w.part(name, w.packed, span)
}

func (w *writer) cursors(notes []store.Message) error {
	number := 0
	for i, m := range notes {
		if err := appendNote(&w.plain, m); err != nil {
			return err
		}
		if w.plain.Len() < partSize && i < len(notes)-1 {
			continue
		}
		number++
		if err := w.pack(fmt.Sprintf(cursorParts, number), nil); err != nil {
			return err
		}
	}
	return nil
}

// log writes a partition up to its end.
func (w *writer) log(ctx context.Context, p *store.Partition, end wire.Checkpoint, wrote func()) error {
	number := 0
	var span *Span
	err := p.Stored(ctx, wire.Checkpoint{Position: wire.Position{Partition: p.Number}}, end, func(e wire.Envelope, m wire.Message) error {
		if span == nil {
			span = &Span{Partition: p.Number, FirstMessage: e.Sequence, FirstEvent: e.First}
		}
		if err := appendMessage(&w.plain, e); err != nil {
			return err
		}
		span.LastMessage, span.LastEvent = m.Sequence, m.Last()
		wrote()
		if w.plain.Len() < partSize && e.Sequence < end.Message {
			return nil
		}
		number++
		err := w.pack(fmt.Sprintf(logParts, p.Number, number), span)
		span = nil
		return err
	})
	if errors.Is(err, store.ErrUnreadable) {
		err = fmt.Errorf("%w; muster audit verify says more", err)
	}
	return err
}

// close writes the manifest and the end of the archive.
func (w *writer) close() error {
	if err := w.json(manifestName, Manifest{formatNumber, w.parts}); err != nil {
		return err
	}
	if err := w.part(sumName, sumLine(w.parts[len(w.parts)-1].SHA256), nil); err != nil {
		return err
	}
	if err := w.tar.Close(); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	return nil
}

// sumLine returns the last part, as sha256sum writes it.
func sumLine(sum domain.Hash) []byte { return fmt.Appendf(nil, "%x  %s\n", sum[:], manifestName) }
