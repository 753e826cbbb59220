package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/domain"
)

// importing is a run of muster import.
type importing struct {
	client
	workspace domain.WorkspaceID
	role      string // of those whose line names none
	read      string // the format of the file
	dry       bool
	size      int // operations in a commit
	format    string
	logging   logging

	added, invited int
	rejected       []rejection
}

// rejection is a line that was not imported, and why.
type rejection struct {
	Line   int    `json:"line"`
	Who    string `json:"who,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func newImport() *cobra.Command {
	i := importing{read: "csv", size: domain.MaxOperations, format: formatTable}
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Add the members of a file to a workspace of a running service",
		Long: "Import adds, through a running service, the people of a CSV or JSONL file to a workspace,\n" +
			"up to 1000 in a commit, fewer when these do not fit into one. A CSV file begins with the names of its columns, of these:\n" +
			strings.Join(personColumns, ", ") + ".\n" +
			"A line of JSONL is an object as POST …/members takes it. Somebody with an e-mail address\n" +
			"and no user id is invited. FILE - is standard input.\n\n" +
			"Lines that the service refuses are reported with their numbers, and the exit status is\n" +
			"then 1; the others are in. Nobody is added twice: to repeat an import is safe.",
		Args: cobra.ExactArgs(1),
		RunE: action(func(cmd *cobra.Command, arguments []string) error {
			return i.file(cmd.Context(), arguments[0], cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	f := cmd.Flags()
	i.flags(f)
	i.credentials(f)
	f.Var(newParsed(&i.workspace, "id", domain.ParseID), "workspace", "the workspace")
	_ = cmd.MarkFlagRequired("workspace")
	f.StringVar(&i.role, "role", "", "role of those whose line names none")
	f.Var(oneOf(&i.read, "csv", "jsonl"), "from", "format of the file")
	f.BoolVar(&i.dry, "dry-run", false, "say what would be done, and do nothing")
	f.Var(count{&i.size, domain.MaxOperations}, "batch", "people in one commit at most")
	f.Var(oneOf(&i.format, formatTable, formatJSON), "format", "how to print the report")
	i.logging.flags(f, "info")
	return cmd
}

func (i *importing) file(ctx context.Context, name string, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := i.authorize(); err != nil {
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
	show, end := showProgress(stderr, i.logging.logger(stderr), "importing (bytes)")
	err = i.all(ctx, next, func() { show(uint64(counted.n), uint64(max(size, counted.n))) })
	end()
	return errors.Join(err, i.report(stdout))
}

// counter counts what is read through it.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

// all imports batch after batch.
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

// commit sends a batch. When the service finds lines malformed it does nothing:
// they are rejected, and the rest is sent again. When they are too many for one
// message of the log they are sent in halves.
func (i *importing) commit(ctx context.Context, batch []*person) error {
	path := "/v1/workspaces/" + i.workspace.String() + "/members/batch"
	if i.dry {
		path += "?validate_only=true"
	}
	var answer struct {
		Results []struct {
			Status     int `json:"status"`
			Membership *struct {
				State string `json:"state"`
			} `json:"membership"`
			Error *problem `json:"error"`
		} `json:"results"`
	}
	err := i.call(ctx, http.MethodPost, path, map[string]any{"mode": "best_effort", "operations": batch}, &answer)
	var p *problem
	if errors.As(err, &p) && p.Code == "command_too_large" && len(batch) > 1 {
		// So would be those to come.
		i.size = (len(batch) + 1) / 2
		if err := i.commit(ctx, batch[:i.size:i.size]); err != nil {
			return err
		}
		return i.commit(ctx, batch[len(batch)-len(batch)/2:])
	}
	if errors.As(err, &p) {
		rest := i.reject(batch, p)
		if len(rest) == len(batch) {
			return fmt.Errorf("from line %d on: %w", batch[0].line, err)
		}
		if len(rest) == 0 {
			return nil
		}
		return i.commit(ctx, rest)
	}
	if err != nil {
		return fmt.Errorf("from line %d on, whether it was imported is not known; to import again is safe: %w", batch[0].line, err)
	}
	if len(answer.Results) != len(batch) {
		return fmt.Errorf("the service answered %d results for %d operations", len(answer.Results), len(batch))
	}
	for n, r := range answer.Results {
		switch {
		case r.Error != nil:
			i.rejected = append(i.rejected, batch[n].rejected(r.Error.Code, r.Error.Error()))
		case r.Membership != nil && r.Membership.State == string(domain.MembershipInvited):
			i.invited++
		default:
			i.added++
		}
	}
	return nil
}

// reject notes the lines that a problem points to, and answers the others.
func (i *importing) reject(batch []*person, p *problem) (rest []*person) {
	wrong := make(map[int]bool)
	for _, field := range p.Errors {
		index, _, _ := strings.Cut(strings.TrimPrefix(field.Pointer, "/operations/"), "/")
		n, err := strconv.Atoi(index)
		if err != nil || n >= len(batch) || wrong[n] {
			continue
		}
		wrong[n] = true
		i.rejected = append(i.rejected, batch[n].rejected(p.Code, field.Detail))
	}
	for n, line := range batch {
		if !wrong[n] {
			rest = append(rest, line)
		}
	}
	return rest
}

func (p *person) rejected(code, detail string) rejection {
	who := p.Email
	if who == "" {
		who = p.UserID
	}
	return rejection{Line: p.line, Who: who, Code: code, Detail: strings.TrimPrefix(detail, code+": ")}
}

// report prints what came of the import, and fails when a line was rejected.
func (i *importing) report(stdout io.Writer) error {
	if i.format == formatJSON {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		report := map[string]any{"dry_run": i.dry, "added": i.added, "invited": i.invited, "rejected": append([]rejection{}, i.rejected...)}
		if err := encoder.Encode(report); err != nil {
			return err
		}
	} else {
		did := ""
		if i.dry {
			did = " would be"
		}
		fmt.Fprintf(stdout, "%d%s added, %d%s invited, %d rejected\n", i.added, did, i.invited, did, len(i.rejected))
		if len(i.rejected) > 0 {
			t := newTable(stdout, "line", "who", "code", "why")
			for _, r := range i.rejected {
				t.AppendRow([]any{r.Line, r.Who, r.Code, r.Detail})
			}
			t.Render()
		}
	}
	if len(i.rejected) > 0 {
		return fmt.Errorf("%d lines were rejected", len(i.rejected))
	}
	return nil
}
