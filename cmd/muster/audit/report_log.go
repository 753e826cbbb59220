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
	log, stopped, err := r.openLog(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	dir, err := os.MkdirTemp("", "muster-report-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	models, err := r.kept(ctx, log, dir, stopped)
	if err == nil && models == nil {
		models, err = r.models(ctx, log, dir)
	}
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

// openLog opens the log. It reports whether the service of the data directory has stopped, and cannot
// start before the log is closed.
func (r *reporting) openLog(ctx context.Context) (log *events.Log, stopped bool, err error) {
	o := events.Options{Dir: r.source.Data, URL: r.source.NATSURL, ReadOnly: true, Logger: r.logger}
	if o.URL == "" {
		if log, err = events.Open(ctx, o); !errors.Is(err, store.ErrDirectoryInUse) {
			return log, true, err
		}
	}
	o.Running = true
	log, err = events.Open(ctx, o)
	return log, false, err
}

// kept returns copies of the read models of a service that has stopped. It returns none if there
// are none that can be used and that have all events of the log.
func (r *reporting) kept(ctx context.Context, log *events.Log, dir string, stopped bool) (*projections.ReadModels, error) {
	if !stopped {
		return nil, nil
	}
	partition := log.Partition(r.organization)
	tip, err := log.Tip(ctx, partition)
	if err != nil {
		return nil, err
	}
	models, err := projections.CopyOf(r.options(log, dir), log.Dir(), tip)
	if errors.Is(err, projections.ErrNeedsRebuild) {
		r.logger.Debug("the read models of the service are not used", slog.Any("reason", err))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := log.LookUpTo(ctx, models.Checkpoints()[partition]); err != nil {
		return nil, errors.Join(err, models.Close())
	}
	if _, err := log.SigningKey(ctx); err != nil {
		r.unsignable = fmt.Errorf("%w: %s", err, r.unsignedLog())
	}
	return models, nil
}

func (r *reporting) options(log *events.Log, dir string) projections.Options {
	return projections.Options{Dir: dir, Partitions: log.Partitions(), Logger: slog.New(slog.DiscardHandler)}
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
	return projections.Scratch(ctx, r.options(log, dir), func(apply func(wire.Message) error) error {
		return log.Look(ctx, partition, until, func(m wire.Message) error {
			if err := apply(m); err != nil {
				return err
			}
			show(m.Last(), until)
			return nil
		})
	})
}
