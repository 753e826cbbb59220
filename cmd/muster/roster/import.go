package roster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// importing is a run of muster import.
type importing struct {
	client.Client
	workspace domain.WorkspaceID
	role      string // for lines without a role
	read      string // the format of the file
	dry       bool
	size      int // operations in a commit at most
	format    string
	logging   terminal.Logging

	added, invited int
	rejected       []rejection
}

// NewImport returns the command import.
func NewImport() *cobra.Command {
	i := importing{read: terminal.FormatCSV, size: domain.MaxOperations, format: terminal.FormatTable}
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Add the members of a file to a workspace of a running service",
		Long: "Import adds, through a running service, the people of a CSV or JSONL file to a workspace,\n" +
			"up to 1000 in a commit, fewer when these do not fit into one. A CSV file begins with the names of its columns, of these:\n" +
			strings.Join(columns, ", ") + ".\n" +
			"A line of JSONL is an object as POST …/members takes it. Somebody with an e-mail address\n" +
			"and no user id is invited. FILE - is standard input.\n\n" +
			"Lines that the service refuses are reported with their numbers, and the exit status is\n" +
			"then 1; the others are in. Nobody is added twice: to repeat an import is safe.",
		Args: cobra.ExactArgs(1),
		RunE: terminal.Action(func(cmd *cobra.Command, arguments []string) error {
			return i.file(cmd.Context(), arguments[0], cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	f := cmd.Flags()
	i.Flags(f)
	i.TokenFlags(f)
	f.Var(terminal.NewParsed(&i.workspace, "id", domain.ParseID), "workspace", "the workspace")
	_ = cmd.MarkFlagRequired("workspace")
	f.StringVar(&i.role, "role", "", "role of those whose line names none")
	f.Var(terminal.OneOf(&i.read, terminal.FormatCSV, terminal.FormatJSONL), "from", "format of the file")
	f.BoolVar(&i.dry, "dry-run", false, "say what would be done, and do nothing")
	f.Var(terminal.NewCount(&i.size, domain.MaxOperations), "batch", "people in one commit at most")
	f.Var(terminal.OneOf(&i.format, terminal.FormatTable, terminal.FormatJSON), "format", "how to print the report")
	i.logging.Flags(f, "info")
	return cmd
}

// file imports the file with that name and prints the report.
func (i *importing) file(ctx context.Context, name string, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := i.Authorize(); err != nil {
		return err
	}
	in, size := stdin, int64(0)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		in = f
	}
	counted := &counter{Reader: in}
	next, err := readPeople(counted, i.read)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	show, end := terminal.Progress(stderr, i.logging.Logger(stderr), "importing (bytes)")
	err = i.all(ctx, next, func() { show(uint64(counted.n), uint64(max(size, counted.n))) })
	end()
	return errors.Join(err, i.report(stdout))
}

// counter counts the bytes that are read through it.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

// all imports the people that next returns, batch by batch, and calls show after each.
func (i *importing) all(ctx context.Context, next func() (*person, error), show func()) error {
	var batch []*person
	for {
		p, err := next()
		var bad badLine
		switch {
		case errors.As(err, &bad):
			i.rejected = append(i.rejected, rejection{Line: bad.line, Code: "unreadable", Detail: bad.Error()})
			continue
		case errors.Is(err, io.EOF):
			if len(batch) > 0 {
				err = i.commit(ctx, batch)
			} else {
				err = nil
			}
			show()
			return err
		case err != nil:
			return err
		}
		p.Op = "add"
		if p.Role == "" {
			p.Role = i.role
		}
		if batch = append(batch, p); len(batch) == i.size {
			if err := i.commit(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
			show()
		}
	}
}
