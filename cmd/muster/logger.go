package main

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
	"github.com/spf13/pflag"
)

// logging is what the flags say of logs.
type logging struct{ level, format string }

const (
	formatAuto = "auto"
	formatText = "text"
	formatJSON = "json"
)

func (l *logging) flags(flags *pflag.FlagSet, level string) {
	l.level, l.format = level, formatAuto
	flags.Var(oneOf(&l.level, "debug", "info", "warn", "error"), "log-level", "what to log: this and what is worse")
	flags.Var(oneOf(&l.format, formatAuto, formatText, formatJSON), "log-format", "how to log; auto is text on a terminal, JSON otherwise")
	inEnvironment(flags, "log-level", "log-format")
}

// logger logs to the writer as the flags say.
func (l *logging) logger(w io.Writer) *slog.Logger {
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
