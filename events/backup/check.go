package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// decoderMemory bounds what a part may take when it is unpacked.
const decoderMemory = 64 << 20

func newDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(decoderMemory))
}

// Check reads everything that is not encrypted and checks what it says: every message can be decoded and
// continues the chain of its partition, and each partition ends where the backup says. It finds what
// no damage explains: a backup that was put together by somebody, or of a newer version. If
// progress is not nil it is called with how many messages of how many were read.
func (a *Archive) Check(ctx context.Context, progress func(done, of uint64)) error {
	if progress == nil {
		progress = func(uint64, uint64) {}
	}
	done, of := uint64(0), a.Messages()
	progress(0, of)
	a.told = newTold()
	for p, end := range a.Ends() {
		at := wire.Checkpoint{Position: wire.Position{Partition: p}}
		err := a.messages(p)(ctx, func(e wire.Envelope) error {
			m, err := e.Decode(at)
			if err != nil {
				return err
			}
			a.told.note(m)
			at = m.Checkpoint()
			done++
			progress(done, of)
			return nil
		})
		if err != nil {
			return err
		}
		if at.Message != end.Message || at.Number != end.Number || at.Hash != end.Hash {
			return fmt.Errorf("%w: partition %d ends with event %s, and %s says %s", ErrDamaged, p, at.Position, headName, end.Position)
		}
	}
	a.Sealed = len(a.told.sealed) > 0
	_, err := a.cursors(ctx)
	a.checked = err == nil
	return err
}

// messages returns the messages of a partition.
func (a *Archive) messages(partition int) store.Each {
	return func(ctx context.Context, use func(wire.Envelope) error) error {
		d, err := newDecoder()
		if err != nil {
			return err
		}
		defer d.Close()
		for number := 1; ; number++ {
			p, found := a.part(fmt.Sprintf(logParts, partition, number))
			if !found {
				return nil
			}
			plain, err := a.unpacked(d, p)
			if err != nil {
				return err
			}
			err = eachMessage(bytes.NewReader(plain), func(e wire.Envelope) error {
				if err := ctx.Err(); err != nil {
					return context.Cause(ctx)
				}
				return use(e)
			})
			if err != nil {
				return a.inside(p, err)
			}
		}
	}
}

// inside returns the error with the part, if it is one of what the part holds.
func (a *Archive) inside(p Part, err error) error {
	if errors.Is(err, wire.ErrDamaged) || errors.Is(err, errFrame) {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, p, err)
	}
	return err
}

// cursors returns the notes of subscriptions.
func (a *Archive) cursors(ctx context.Context) (notes []store.Message, err error) {
	d, err := newDecoder()
	if err != nil {
		return nil, err
	}
	defer d.Close()
	for number := 1; ctx.Err() == nil; number++ {
		p, found := a.part(fmt.Sprintf(cursorParts, number))
		if !found {
			return notes, nil
		}
		plain, err := a.unpacked(d, p)
		if err != nil {
			return nil, err
		}
		err = eachNote(bytes.NewReader(plain), func(m store.Message) error {
			notes = append(notes, m)
			return nil
		})
		if err != nil {
			return nil, a.inside(p, err)
		}
	}
	return nil, context.Cause(ctx)
}

// Cursors returns how many subscriptions have a cursor in the backup.
func (a *Archive) Cursors(ctx context.Context) (int, error) {
	notes, err := a.cursors(ctx)
	return len(notes), err
}
