package native

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// reportWriter writes the rows of a report.
type reportWriter interface {
	row(cells []string) error
	end(rows int) error
}

// reportFormats are the formats of reports.
var reportFormats = map[string]struct {
	media string
	begin func(*report, io.Writer) (reportWriter, error)
}{
	"csv":   {"text/csv; charset=utf-8; header=present", beginCSV},
	"jsonl": {"application/x-ndjson", beginLines},
	"html":  {"text/html; charset=utf-8", beginPage},
}

// csvReport is a report as CSV (RFC 4180).
type csvReport struct{ to *csv.Writer }

func beginCSV(r *report, to io.Writer) (reportWriter, error) {
	w := csvReport{csv.NewWriter(to)}
	return w, w.to.Write(r.columns)
}

func (w csvReport) row(cells []string) error {
	safe := make([]string, len(cells))
	for i, cell := range cells {
		safe[i] = inert(cell)
	}
	return w.to.Write(safe)
}

func (w csvReport) end(int) error {
	w.to.Flush()
	return w.to.Error()
}

// inert puts an apostrophe before a text that a spreadsheet would take for a formula: a name
// can be chosen by whoever it belongs to. Some spreadsheets also take the full-width forms.
func inert(cell string) string {
	if first, _ := utf8.DecodeRuneInString(cell); cell != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}

// linesReport is a report as JSON Lines: an object for each row.
type linesReport struct {
	to      *bufio.Writer
	columns []string
}

func beginLines(r *report, to io.Writer) (reportWriter, error) {
	return linesReport{bufio.NewWriter(to), r.columns}, nil
}

func (w linesReport) row(cells []string) error {
	for i, cell := range cells {
		text, err := json.Marshal(cell)
		if err != nil {
			return err
		}
		if w.columns[i] == "level" {
			text = []byte(cell)
		}
		separator := `,"`
		if i == 0 {
			separator = `{"`
		}
		_, _ = w.to.WriteString(separator + w.columns[i] + `":`)
		_, _ = w.to.Write(text) // what fails fails again in the end
	}
	_, err := w.to.WriteString("}\n")
	return err
}

func (w linesReport) end(int) error { return w.to.Flush() }

// pageReport is a report as one HTML page, without scripts, to be read and printed.
type pageReport struct{ to *bufio.Writer }

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body{font:13px/1.4 system-ui,sans-serif;margin:2rem;color:#111}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead{display:table-header-group}
tr{break-inside:avoid}
@media print{body{margin:0;font-size:9px}@page{size:A4 landscape;margin:12mm}}
</style></head><body><h1>{{.Title}}</h1>
<dl>{{range .Facts}}<dt>{{.Name}}</dt><dd>{{.Value}}</dd>{{end}}</dl>
<table><thead><tr>{{range .Columns}}<th>{{.}}</th>{{end}}</tr></thead><tbody>
`))

var rowTemplate = template.Must(template.New("row").Parse("<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>\n"))

type pageFact struct{ Name, Value string }

func beginPage(r *report, to io.Writer) (reportWriter, error) {
	w := pageReport{bufio.NewWriter(to)}
	facts := []pageFact{{"as of position", r.at.Position.String()}, {"as of", cellTime(r.at.Time)}}
	names := make([]string, 0, len(r.query))
	for name := range r.query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		facts = append(facts, pageFact{name, r.query.Get(name)})
	}
	return w, pageTemplate.Execute(w.to, struct {
		Title   string
		Facts   []pageFact
		Columns []string
	}{r.title, facts, r.columns})
}

func (w pageReport) row(cells []string) error { return rowTemplate.Execute(w.to, cells) }

func (w pageReport) end(rows int) error {
	if _, err := fmt.Fprintf(w.to, "</tbody></table><p>%d rows</p></body></html>\n", rows); err != nil {
		return err
	}
	return w.to.Flush()
}
