package roster

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/muster-dev/muster/cmd/muster/roster/table"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// rejection is a line that was not imported, with the reason.
type rejection struct {
	Line   int    `json:"line"`
	Who    string `json:"who,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// note is something to know about a line that was imported.
type note struct {
	Line   int    `json:"line"`
	Who    string `json:"who"`
	Detail string `json:"detail"`
}

// rejected returns the rejection of the line. The detail may begin with the code.
func (p *person) rejected(code, detail string) rejection {
	who := p.Email
	if who == "" {
		who = p.UserID
	}
	return rejection{Line: p.first, Who: who, Code: code, Detail: strings.TrimPrefix(detail, code+": ")}
}

// unreadable returns the rejections of lines that cannot be read, one for each line. There
// are none if err is another error.
func unreadable(err error) []rejection {
	var lines *table.LineError
	var bad *badLines
	var all []rejection
	switch {
	case errors.As(err, &lines):
		for line := lines.First; line <= lines.Last; line++ {
			all = append(all, rejection{Line: line, Code: "unreadable", Detail: lines.Detail})
		}
	case errors.As(err, &bad):
		code := "unreadable"
		if errors.Is(bad.err, errNotUsable) {
			code = "account_not_active"
		}
		all = append(all, bad.person.rejected(code, bad.Error()))
		for line := bad.person.first + 1; line <= bad.person.last; line++ {
			all = append(all, rejection{Line: line, Code: code, Detail: bad.Error()})
		}
	}
	return all
}

// lines returns the number of lines in words, with the verb.
func lines(n int) string {
	if n == 1 {
		return "1 line was"
	}
	return fmt.Sprintf("%d lines were", n)
}

// result is what became of the lines of a file.
type result struct {
	DryRun      bool        `json:"dry_run"`
	Encoding    string      `json:"encoding"`
	Separator   string      `json:"separator,omitempty"`
	Columns     []column    `json:"columns,omitempty"`
	Added       int         `json:"added"`
	Suspended   int         `json:"suspended"` // how many of the added are
	Invited     int         `json:"invited"`
	Rejected    []rejection `json:"rejected"`
	Notes       []note      `json:"notes"`
	Failed      []failure   `json:"failed"`
	Invitations *[]invited  `json:"invitations,omitempty"`
}

// result returns what became of the lines, in the order of the file.
func (i *importing) result(in *reader, failed []failure) *result {
	byLine := func(a, b rejection) int { return cmp.Compare(a.Line, b.Line) }
	slices.SortStableFunc(i.rejected, byLine)
	slices.SortStableFunc(i.notes, func(a, b note) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(failed, func(a, b failure) int { return cmp.Compare(a.First, b.First) })
	if kept := i.invitations.kept; kept != nil {
		slices.SortStableFunc(*kept, func(a, b invited) int { return cmp.Compare(a.Line, b.Line) })
	}
	return &result{
		DryRun: i.dry, Encoding: in.encoding, Separator: in.separator, Columns: in.columns,
		Added: i.added, Suspended: i.suspended, Invited: i.invited,
		Rejected: append([]rejection{}, i.rejected...), Notes: append([]note{}, i.notes...), Failed: append([]failure{}, failed...),
		Invitations: i.invitations.kept,
	}
}

// print prints the result. It returns an error if not all lines were imported.
func (r *result) print(stdout io.Writer, format string) error {
	if format == terminal.FormatJSON {
		if err := terminal.PrintJSON(stdout, r); err != nil {
			return err
		}
	} else {
		r.table(stdout)
	}
	var err error
	for _, f := range r.Failed {
		err = errors.Join(err, f)
	}
	if len(r.Rejected) > 0 {
		err = errors.Join(err, fmt.Errorf("%s rejected", lines(len(r.Rejected))))
	}
	return err
}

func (r *result) table(stdout io.Writer) {
	did, suspended := "", ""
	if r.DryRun {
		did = " would be"
	}
	if r.Suspended > 0 {
		suspended = fmt.Sprintf(" (%d as suspended)", r.Suspended)
	}
	fmt.Fprintf(stdout, "%d%s added%s, %d%s invited, %d rejected\n", r.Added, did, suspended, r.Invited, did, len(r.Rejected))
	if len(r.Rejected) > 0 {
		t := terminal.NewTable(stdout, "line", "who", "code", "why")
		for rest := r.Rejected; len(rest) > 0; {
			n := alike(rest)
			var lines any = rest[0].Line
			if n > 1 {
				lines = fmt.Sprintf("%d–%d", rest[0].Line, rest[n-1].Line)
			}
			t.AppendRow(terminal.Row{lines, printable(rest[0].Who), rest[0].Code, rest[0].Detail})
			rest = rest[n:]
		}
		t.Render()
	}
	for _, n := range r.Notes {
		fmt.Fprintf(stdout, "line %d, %s: %s\n", n.Line, printable(n.Who), n.Detail)
	}
}

// alike returns how many of the rejections, from the first one on, are of adjacent lines
// with the same reason and no other person, as those behind a quotation mark that is not
// closed.
func alike(all []rejection) int {
	n := 1
	for n < len(all) && all[n] == (rejection{Line: all[0].Line + n, Code: all[0].Code, Detail: all[0].Detail}) {
		n++
	}
	return n
}

// printable returns the text, quoted if it has characters that a terminal would interpret.
func printable(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// show writes how the file is read, if it is not read as an export of Muster's own.
func (in *reader) show(w io.Writer, name string) {
	plainly := in.encoding == table.UTF8 && (in.separator == "comma" || in.separator == "")
	for _, c := range in.columns {
		plainly = plainly && c.Name == c.Field
	}
	if plainly {
		return
	}
	fmt.Fprintf(w, "%s: %s", name, in.encoding)
	if in.separator != "" {
		fmt.Fprintf(w, ", %ss between the values", in.separator)
	}
	fmt.Fprintln(w)
	var ignored []string
	for _, c := range in.columns {
		if c.Field == fieldIgnored {
			ignored = append(ignored, c.Name)
		} else {
			fmt.Fprintf(w, "  %.60q is %s\n", c.Name, c.Field)
		}
	}
	if len(ignored) > 0 {
		fmt.Fprintf(w, "  left out: %s\n", quoted(ignored))
	}
}
