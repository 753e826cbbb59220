package terminal

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
	"github.com/spf13/pflag"
)

// Logging is what the flags --log-level and --log-format say.
type Logging struct{ level, format string }

const (
	formatAuto = "auto"
	formatText = "text"
)

// Flags defines the flags. The level is the default for --log-level.
func (l *Logging) Flags(flags *pflag.FlagSet, level string) {
	l.level, l.format = level, formatAuto
	flags.Var(OneOf(&l.level, "debug", "info", "warn", "error"), "log-level", "lowest level to log")
	flags.Var(OneOf(&l.format, formatAuto, formatText, FormatJSON), "log-format", "log format; auto is text on a terminal and JSON elsewhere")
	InEnvironment(flags, "log-level", "log-format")
}

// Logger returns a logger that writes as the flags say.
func (l *Logging) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.level)) // the flag has checked it
	if l.format == formatText || l.format == formatAuto && isTerminal(w) {
		return slog.New(tint.NewTextHandler(w, &tint.Options{
			Level: level, TimeFormat: time.TimeOnly, NoColor: os.Getenv("NO_COLOR") != "" || !isTerminal(w),
		}))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
