package projections

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/muster-dev/muster/projections/sqlite"
)

const (
	// checkPause is how long a check in the background waits before it begins again. A file
	// that takes no time is checked more often.
	checkPause  = 10 * time.Minute
	quickPause  = time.Minute
	takesNoTime = 50 * time.Millisecond
)

// background is a check in the background.
type background struct {
	file   string
	damage func() error // returns the damage that was found
	report func(error)  // is called with damage
}

// checkAgain checks the file again and again, until the context ends or damage has been found.
// A connection of its own for each pass reads the file and not what the last pass has kept of
// it. took is how long the statements of the last pass took.
func (b *background) checkAgain(ctx context.Context, o Options, took time.Duration) {
	for {
		rest(ctx, o.checkPause(took))
		if ctx.Err() != nil || b.damage() != nil {
			return
		}
		c, err := newChecker(b.file, sqlite.ReadOnly)
		if err != nil {
			b.found(ctx, o, err)
			continue
		}
		took = c.worked(ctx, func(c *checker) { b.found(ctx, o, c.all(ctx)) })
		_ = c.file.Close() // only read
	}
}

// found reports what a check has found.
func (b *background) found(ctx context.Context, o Options, err error) {
	switch {
	case errors.Is(err, ErrDamaged):
		b.report(err)
	case err != nil && ctx.Err() == nil:
		o.logger().Warn("the read models could not be checked for damage", slog.String("file", b.file), slog.Any("error", err))
	case err == nil:
		o.logger().Debug("the read models have been checked for damage", slog.String("file", b.file))
	}
}

// worked runs a check, with a rest after each statement, and returns how long the statements
// took.
func (c *checker) worked(ctx context.Context, check func(*checker)) (took time.Duration) {
	c.pause = func(taken time.Duration) {
		took += taken
		rest(ctx, checkRest*taken)
	}
	check(c)
	return took
}

// checkPause returns how long the file is left alone after a pass that took so long.
func (o Options) checkPause(took time.Duration) time.Duration {
	switch {
	case o.CheckPause > 0:
		return o.CheckPause
	case took < takesNoTime:
		return quickPause
	}
	return checkPause
}
