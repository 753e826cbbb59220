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
	until, err := r.until(ctx, log)
	if err != nil {
		return err
	}
	models, err := r.kept(ctx, log, dir, stopped, until)
	if err == nil && models == nil {
		models, err = r.models(ctx, log, dir, until)
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

// until returns the last event that reports know of: the last one that was signed, or the last one
// of the log if nothing can be proved, because nothing was ever signed, or because the key or the
// checkpoints cannot be read.
func (r *reporting) until(ctx context.Context, log *events.Log) (wire.Position, error) {
	partition := log.Partition(r.organization)
	_, signed, err := log.Signed(ctx)
	switch {
	case err == nil:
		r.unsigned(ctx, log, signed[partition])
		return covered(signed[partition]), nil
	case neverSigned(err), errors.Is(err, fs.ErrPermission):
		r.unsignable = fmt.Errorf("%w: %s", err, r.unsignedLog())
	case lostSigned(err):
		r.unsignable = err
		r.logger.Warn("no checkpoint proves what the report is made from: find out with muster audit verify what is there", slog.Any("reason", err))
	default:
		return wire.Position{}, err
	}
	return log.Tip(ctx, partition)
}

// kept returns copies of the read models of a service that has stopped. It returns none if there
// are none that can be used and that have the events of the log up to that position. It also returns
// none if the log has more events: the read models of a service that was killed may have events that
// no checkpoint covers.
func (r *reporting) kept(ctx context.Context, log *events.Log, dir string, stopped bool, until wire.Position) (*projections.ReadModels, error) {
	if !stopped {
		return nil, nil
	}
	tip, err := log.Tip(ctx, until.Partition)
	if err != nil {
		return nil, err
	}
	if tip.Number > until.Number {
		r.logger.Debug("the read models of the service are not used, because they may have events that no checkpoint covers")
		return nil, nil
	}
	models, err := projections.CopyOf(r.options(log, dir), log.Dir(), tip)
	if errors.Is(err, projections.ErrNeedsRebuild) {
		r.logger.Debug("the read models of the service are not used", slog.Any("reason", err))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := log.LookUpTo(ctx, models.Checkpoints()[until.Partition]); err != nil {
		return nil, errors.Join(err, models.Close())
	}
	return models, nil
}

func (r *reporting) options(log *events.Log, dir string) projections.Options {
	return projections.Options{Dir: dir, Partitions: log.Partitions(), Logger: slog.New(slog.DiscardHandler)}
}

// models makes read models of the organization's partition, up to that position.
func (r *reporting) models(ctx context.Context, log *events.Log, dir string, until wire.Position) (*projections.ReadModels, error) {
	if sealed := log.Sealed(); sealed != nil {
		if strings.Contains(r.text, "@") {
			return nil, fmt.Errorf("the file of leavers has addresses, and whose they are cannot be read: %w: use user ids, or ask the service itself (--url)", sealed)
		}
		r.unsignable = fmt.Errorf("it has no names and addresses: %w", sealed)
		r.logger.Warn("names and addresses are left out, because the keys of personal data cannot be used here: the service itself has them (--url)", slog.Any("reason", sealed))
	}
	show, end := terminal.Progress(r.stderr, r.logger, "reading the log")
	defer end()
	show(0, until.Number)
	return projections.Scratch(ctx, r.options(log, dir), func(apply func(wire.Message) error) error {
		return log.Look(ctx, until.Partition, until.Number, func(m wire.Message) error {
			if err := apply(m); err != nil {
				return err
			}
			show(m.Last(), until.Number)
			return nil
		})
	})
}
