package audit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

const (
	modelsCheck = "read models"
	pastCheck   = "past"
)

// replayed is a file of the node that must equal what a fresh replay of the log makes.
type replayed struct {
	check, file string
	compare     func(context.Context, *events.Log, projections.Options, string, func(done, of uint64)) ([]projections.Comparison, error)
	renewed     string // who rebuilds it, for a sentence
	repair      string // what to do if it differs
}

// models looks for damage in the files of the node's read models and of their past, and compares
// them with those of a fresh replay.
func (v *verifier) models(ctx context.Context) error {
	files := []replayed{
		{modelsCheck, projections.File, projections.Verify, "the next start rebuilds them", "rebuild them with muster rebuild"},
		{
			pastCheck, projections.HistoryFile, projections.VerifyHistory, "the service rebuilds it",
			"delete it with muster rebuild, and the service rebuilds it",
		},
	}
	if v.unread {
		for _, f := range files {
			v.skip(f.check, "left out: without the keys of people they cannot be replayed")
		}
		return nil
	}
	damaged := v.broken > 0
	for _, f := range files {
		switch {
		case v.log.Dir() == "":
			v.skip(f.check, "left out: this needs a node's data directory (--data)")
		case damaged:
			v.skip(f.check, "left out: the log to compare with is damaged")
		default:
			if err := v.replayed(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifier) replayed(ctx context.Context, f replayed) error {
	dir := v.log.Dir()
	if err := readable(filepath.Join(dir, f.file)); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "muster-verify-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	show, end := terminal.Progress(v.stderr, v.logger, "replaying the log")
	o := projections.Options{Dir: dir, Partitions: v.log.Partitions(), Logger: v.logger}
	tables, err := f.compare(ctx, v.log, o, scratch, show)
	end()
	switch {
	case errors.Is(err, projections.ErrDamaged), errors.Is(err, projections.ErrForeignFile):
		v.fail(f.check, "%s; %s", strings.ReplaceAll(err.Error(), "\n", "; "), f.renewed)
		return nil
	case errors.Is(err, projections.ErrNeedsRebuild):
		v.skip(f.check, "left out: %s: %v", f.renewed, err)
		return nil
	case errors.Is(err, projections.ErrAheadOfLog):
		v.fail(f.check, "%v: they may be all that is left of these events, so keep a copy of everything, and restore the log from a backup", err)
		return nil
	case err != nil:
		return err
	}
	var different []string
	for _, t := range tables {
		if !t.Equal() {
			different = append(different, t.Table)
		}
	}
	if len(different) > 0 {
		v.fail(f.check, "these tables differ from a fresh replay: %s; %s", strings.Join(different, ", "), f.repair)
		return nil
	}
	v.ok(f.check, "%d tables equal a fresh replay", len(tables))
	return nil
}

// readable returns an error if this process may not read the file. That says nothing of
// what is in it.
func readable(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	if err == nil {
		_ = f.Close() // nothing was written
	}
	return nil
}
