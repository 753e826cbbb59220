package events

import (
	"context"
	"log/slog"
	"time"
)

// process is what all writers of one process share.
type process struct {
	id      string // names the process in what it appends
	now     func() time.Time
	clock   *clock // gives events their time
	logger  *slog.Logger
	metrics *metrics
	// profiles seals and opens what events say about people.
	profiles *profiles
	closing  context.Context //nolint:containedctx // ends when the log is being closed
}
