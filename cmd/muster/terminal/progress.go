package terminal

import (
	"io"
	"log/slog"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// progressEvery is how often progress is logged where there is no terminal to draw a
// bar on.
const progressEvery = 2 * time.Second

// Progress shows how far a long task is: with a bar on a terminal, and with log lines
// elsewhere. Call show with how much is done and how much there is, and end when the
// task has ended.
func Progress(w io.Writer, logger *slog.Logger, what string) (show func(done, of uint64), end func()) {
	if !isTerminal(w) {
		return logProgress(logger, what), func() {}
	}
	bar := progress.NewWriter()
	bar.SetOutputWriter(w)
	bar.SetUpdateFrequency(100 * time.Millisecond)
	bar.SetStyle(progress.StyleBlocks)
	bar.SetTrackerPosition(progress.PositionRight)
	tracker := &progress.Tracker{Message: what, Units: progress.UnitsDefault, AutoStopDisabled: true}
	bar.AppendTracker(tracker)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		bar.Render()
	}()
	show = func(done, of uint64) {
		tracker.UpdateTotal(int64(of))
		tracker.SetValue(int64(done))
	}
	return show, func() {
		tracker.MarkAsDone()
		for !bar.IsRenderInProgress() { // Stop has no effect before Render has begun
			select {
			case <-ended:
				return
			case <-time.After(time.Millisecond):
			}
		}
		bar.Stop()
		<-ended
	}
}

func logProgress(logger *slog.Logger, what string) func(done, of uint64) {
	var last time.Time
	return func(done, of uint64) {
		if of == 0 {
			return // nothing to do
		}
		if done == 0 || done == of || time.Since(last) >= progressEvery {
			last = time.Now()
			logger.Info("progress", slog.String("what", what), slog.Uint64("done", done), slog.Uint64("all", of))
		}
	}
}
