package audit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/projections"
)

const modelsCheck = "read models"

// models looks for damage in the file of the node's read models, and compares them with
// those of a fresh replay.
func (v *verifier) models(ctx context.Context) error {
	const check = modelsCheck
	dir := v.log.Dir()
	if dir == "" {
		v.skip(check, "left out: they need a node's data directory (--data)")
		return nil
	}
	if v.broken > 0 {
		v.skip(check, "left out: the log that they are compared with is damaged")
		return nil
	}
	if err := readable(filepath.Join(dir, projections.File)); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "muster-verify-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	show, end := terminal.Progress(v.stderr, v.logger, "replaying the log")
	o := projections.Options{Dir: dir, Partitions: v.log.Partitions(), Logger: v.logger}
	tables, err := projections.Verify(ctx, v.log, o, scratch, show)
	end()
	switch {
	case errors.Is(err, projections.ErrDamaged), errors.Is(err, projections.ErrForeignFile):
		v.fail(check, "%s; the next start rebuilds them", strings.ReplaceAll(err.Error(), "\n", "; "))
		return nil
	case errors.Is(err, projections.ErrNeedsRebuild):
		v.skip(check, "left out: the next start rebuilds them: %v", err)
		return nil
	case errors.Is(err, projections.ErrAheadOfLog):
		v.fail(check, "%v: they may be all that is left of these events, so keep a copy of everything, and restore the log from a backup", err)
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
		v.fail(check, "these tables differ from a fresh replay: %s; rebuild them with muster rebuild", strings.Join(different, ", "))
		return nil
	}
	v.ok(check, "%d tables equal a fresh replay", len(tables))
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
