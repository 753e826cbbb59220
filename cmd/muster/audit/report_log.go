package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

// fromLog calls ask with a service that this process runs for itself: on the log, which is only
// read, and on read models in a temporary directory. Nobody else reaches it. So a report from a log
// is made by the same code as one of a running service.
func (r *reporting) fromLog(ctx context.Context, ask func() error) (err error) {
	log, err := events.Open(ctx, events.Options{Dir: r.source.Data, URL: r.source.NATSURL, ReadOnly: true, Running: true, Logger: r.logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	dir, err := os.MkdirTemp("", "muster-report-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	models, err := r.models(ctx, log, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, models.Close()) }()

	service, err := node.NewWithin(log, models, r.logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	r.service.URL, r.service.Token, r.service.Transport = service.URL, service.Token, service.Transport
	return ask()
}

// models makes read models of the organization's partition, up to the last checkpoint that was
// signed. Of a log without checkpoints or without their key, they are of all that it has.
func (r *reporting) models(ctx context.Context, log *events.Log, dir string) (*projections.ReadModels, error) {
	partition := log.Partition(r.organization)
	var until uint64
	_, signed, err := log.Signed(ctx)
	switch {
	case err == nil:
		until = covered(signed[partition]).Number
		defer r.unsigned(ctx, log, signed[partition])
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, store.ErrNoMessage), errors.Is(err, fs.ErrPermission):
		r.unsignable = fmt.Errorf("%w: %s", err, r.unsignedLog())
		tip, err := log.Tip(ctx, partition)
		if err != nil {
			return nil, err
		}
		until = tip.Number
	default:
		return nil, err
	}
	if sealed := log.Sealed(); sealed != nil {
		if strings.Contains(r.text, "@") {
			return nil, fmt.Errorf("the file of leavers has addresses, and whose they are cannot be read: %w: use user ids, or ask the service itself (--url)", sealed)
		}
		r.unsignable = fmt.Errorf("it has no names and addresses: %w", sealed)
		r.logger.Warn("names and addresses are left out, because the keys of personal data cannot be used here: the service itself has them (--url)", slog.Any("reason", sealed))
	}
	show, end := terminal.Progress(r.stderr, r.logger, "reading the log")
	defer end()
	show(0, until)
	o := projections.Options{Dir: dir, Partitions: log.Partitions(), Logger: slog.New(slog.DiscardHandler)}
	return projections.Scratch(ctx, o, func(apply func(wire.Message) error) error {
		return log.Look(ctx, partition, until, func(m wire.Message) error {
			if err := apply(m); err != nil {
				return err
			}
			show(m.Last(), until)
			return nil
		})
	})
}
