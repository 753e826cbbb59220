package terminal

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
)

// Ask asks a question on w and reports whether the line that r gives is yes. Only a terminal is
// asked: asked is false if r is none.
func Ask(r io.Reader, w io.Writer, question string) (yes, asked bool) {
	if f, ok := r.(*os.File); !ok || !isatty.IsTerminal(f.Fd()) {
		return false, false
	}
	fmt.Fprintf(w, "%s [y/N] ", question)
	line, _ := bufio.NewReader(r).ReadString('\n')
	line = strings.ToLower(strings.TrimSpace(line))
	return line == "y" || line == "yes", true
}
