package audit

import (
	"encoding/csv"
	"errors"
	"io"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// printTable prints a report in CSV as a table, while write writes it. It takes the same memory
// however long the report is. Of a report that breaks off it prints what came, and returns the
// error.
func printTable(to io.Writer, write func(io.Writer) error) error {
	report, written := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = written.CloseWithError(write(written)) // never fails
	}()
	err := printRows(to, csv.NewReader(report))
	_ = report.CloseWithError(io.ErrClosedPipe) // never fails
	<-ended
	return err
}

func printRows(to io.Writer, report *csv.Reader) error {
	header, err := report.Read()
	var noCSV *csv.ParseError
	if errors.Is(err, io.EOF) || errors.As(err, &noCSV) {
		return errors.New("the service has not sent a report (--url)")
	}
	if err != nil {
		return err
	}
	table := terminal.NewStream(to, header...)
	for {
		row, err := report.Read()
		if errors.Is(err, io.EOF) {
			return table.End()
		}
		if err != nil {
			return errors.Join(err, table.End())
		}
		for i, cell := range row {
			row[i] = terminal.Plain(cell)
		}
		if err := table.Append(row); err != nil {
			return err
		}
	}
}
