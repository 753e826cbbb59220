package bench

import (
	"fmt"
	"io"
	"time"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// result is what one line has measured.
type result struct {
	What      string        `json:"what"`
	Callers   int           `json:"callers"`
	PerSecond float64       `json:"per_second"`
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
	// Floor is the line that this one is compared with; Ratio is how many times as
	// fast this one is.
	Floor string  `json:"floor,omitempty"`
	Ratio float64 `json:"ratio,omitempty"`
	// Flushes is how many messages of the log, and so flushes, there were per command.
	Flushes float64 `json:"flushes_per_command,omitempty"`
}

func (b *bench) print(stdout io.Writer) error {
	if b.format == terminal.FormatJSON {
		return terminal.PrintJSON(stdout, b.results)
	}
	t := terminal.NewTable(stdout, "what", "callers", "a second", "p50", "p99", "times", "of", "flushes each")
	for _, m := range b.results {
		ratio, flushes := "", ""
		if m.Floor != "" {
			ratio = fmt.Sprintf("%.2f", m.Ratio)
		}
		if m.Flushes > 0 {
			flushes = fmt.Sprintf("%.3f", m.Flushes)
		}
		t.AppendRow(terminal.Row{
			m.What, m.Callers, fmt.Sprintf("%.0f", m.PerSecond),
			m.P50.Round(time.Microsecond), m.P99.Round(time.Microsecond), ratio, m.Floor, flushes,
		})
	}
	t.Render()
	return nil
}
