package terminal

import (
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/pflag"
)

// Painter colours text for terminals. The zero Painter leaves it as it is.
type Painter struct{ on bool }

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// ColorFlag defines the flag that says whether to use colours.
func ColorFlag(flags *pflag.FlagSet, mode *string) {
	*mode = colorAuto
	flags.Var(OneOf(mode, colorAuto, colorAlways, colorNever), "color", "whether to use colours; auto: on a terminal, unless NO_COLOR is set")
}

// NewPainter returns a painter for what is written to w. The mode is what the flag of
// [ColorFlag] has set. By default there are colours on a terminal, unless the variable
// NO_COLOR (https://no-color.org) is set.
func NewPainter(w io.Writer, mode string) Painter {
	switch mode {
	case colorAlways:
		return Painter{true}
	case colorNever:
		return Painter{}
	}
	return Painter{isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// Color is a colour, or a weight, of text.
type Color = text.Color

// The colours of what commands print.
const (
	Red    = text.FgRed
	Green  = text.FgGreen
	Yellow = text.FgYellow
	Cyan   = text.FgCyan
	Faint  = text.Faint
)

// Paint returns the text in the colour.
func (p Painter) Paint(s string, c Color) string {
	if !p.on || s == "" {
		return s
	}
	return text.Escape(s, c.EscapeSeq())
}

// Plain returns the text with a question mark for everything that is not shown as a
// character: line breaks, and the control characters that terminals obey.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return '?'
	}, s)
}
