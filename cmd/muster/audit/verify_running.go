package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// beneath checks what can be checked of a data directory while a service runs in it: the log as
// far as it was signed. What comes after that, and everything else in the directory, changes
// while it is read.
func (v *verifier) beneath(ctx context.Context, s node.Source) (err error) {
	v.log, err = events.Open(ctx, events.Options{Dir: s.Data, ReadOnly: true, Running: true, Logger: v.logger})
	if err != nil {
		return terminal.Fail(err, terminal.StatusBlind)
	}
	defer func() { err = errors.Join(err, v.log.Close()) }()
	err = v.readSigned(ctx)
	if err == nil && v.signed.missing == nil {
		err = v.signedHistory(ctx)
	}
	if err == nil {
		err = v.checkpoints(ctx)
	}
	if err != nil {
		return terminal.Fail(fmt.Errorf("could not check: %w", err), terminal.StatusBlind)
	}
	for _, check := range directoryChecks {
		v.skip(check, "left out: a service runs in %s; stop it, or check more through its NATS (--nats-url), which listens if serve was given --nats-listen", v.log.Dir())
	}
	if v.signed.missing != nil && v.broken == 0 {
		return terminal.Fail(fmt.Errorf("could not check: a service runs in %s, and nothing says how far the log can be read meanwhile", v.log.Dir()), terminal.StatusBlind)
	}
	return v.verdict()
}

// signedHistory reads the log as far as it was signed.
func (v *verifier) signedHistory(ctx context.Context) error {
	var messages, count uint64
	ends := beginning(v.log)
	show, end := terminal.Progress(v.stderr, v.logger, "reading the log")
	defer end()
	var of uint64
	for _, cp := range v.signed.checkpoints {
		of += covered(cp).Number
	}
	show(0, of)
	for p, cp := range v.signed.checkpoints {
		until := covered(cp).Number
		if reaches, err := v.log.Reaches(ctx, p); err == nil { // the files say nothing of their end
			until = min(until, reaches.Number)
		}
		err := v.log.ReplayPartition(ctx, p, until, func(m wire.Message) error {
			messages++
			count += uint64(len(m.Entries))
			ends[p] = m.Checkpoint()
			v.signed.add(&m)
			show(min(count, of), of)
			return nil
		})
		if errors.Is(err, wire.ErrDamaged) || errors.Is(err, store.ErrTruncated) {
			v.fail(historyCheck, "%v", err)
			return nil
		}
		if err != nil {
			return err
		}
	}
	v.ends = ends
	v.whole(count, messages, "none missing; what was written since the last checkpoints is left out")
	return nil
}
