package node

import (
	"context"
	"io"
	"log/slog"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

// Rebuild makes the read models again from the log and shows its progress.
func Rebuild(ctx context.Context, log *events.Log, o projections.Options, logger *slog.Logger, stderr io.Writer) error {
	show, end := terminal.Progress(stderr, logger, "rebuilding the read models")
	defer end()
	return projections.Rebuild(ctx, log, o, show)
}
