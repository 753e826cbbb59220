package roster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// importing is a run of muster import.
type importing struct {
	client.Client
	source    source
	workspace domain.WorkspaceID
	dry       bool
	most      int // operations in a commit at most, as the flag says
	parallel  int // batches on their way at a time
	secrets   string
	link      string
	format    string
	logging   terminal.Logging

	size        atomic.Int64 // operations in a commit at most
	invitations *invitations

	mu                        sync.Mutex // guards the rest
	added, suspended, invited int
	rejected                  []rejection
	notes                     []note
}

// mostParallel is how many batches can be on their way at a time.
const mostParallel = 16

// run imports the file with that name and prints the report.
func (i *importing) run(ctx context.Context, name string, cmd *cobra.Command) (err error) {
	if i.secrets != "" && i.dry {
		return terminal.Usage("--invitations and --dry-run: a dry run invites nobody, and makes no secrets")
	}
	if i.secrets == inReport && i.format != terminal.FormatJSON {
		return terminal.Usage("--invitations -: the report carries them only with --format json")
	}
	if i.link != "" && i.secrets == "" {
		return terminal.Usage("--invitation-link: it is written to the file that --invitations names")
	}
	if err := i.Authorize(); err != nil {
		return err
	}
	file, size, err := open(ctx, name, cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	read := &counter{Reader: file}
	in, err := i.source.open(read)
	if errors.Is(err, errInterrupted) {
		err = failure{First: 1, Detail: errInterrupted.Error()}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	stderr := cmd.ErrOrStderr()
	in.show(stderr, name)
	if i.invitations, err = openInvitations(i.secrets); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.invitations.Close()) }()
	show, end := terminal.Progress(stderr, i.logging.Logger(stderr), "importing (bytes)")
	failed := i.all(ctx, in.next, read, func(n int64) { show(uint64(n), uint64(max(size, n))) })
	end()
	return i.result(in, failed).print(cmd.OutOrStdout(), i.format)
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

// all imports the people that next returns, in batches. It returns what has failed.
func (i *importing) all(ctx context.Context, next func() (*person, error), read *counter, show func(int64)) []failure {
	i.size.Store(int64(i.most))
	s := newSending(i.parallel, func(ctx context.Context, b *batch) []failure { return i.commit(ctx, b.people) }, show)
	b, last := new(batch), 0
	for {
		p, err := next()
		if wrong := unreadable(err); wrong != nil {
			i.mu.Lock()
			i.rejected = append(i.rejected, wrong...)
			i.mu.Unlock()
			last = wrong[len(wrong)-1].Line
			continue
		}
		if err != nil {
			b.read = read.n
			stopped := len(b.people) > 0 && !s.send(ctx, b)
			failed := s.wait()
			if !errors.Is(err, io.EOF) && (!stopped || !errors.Is(err, errInterrupted)) {
				failed = append(failed, failure{First: last + 1, Detail: err.Error()})
			}
			show(read.n)
			return failed
		}
		last = p.last
		if b.add(p); int64(len(b.people)) >= i.size.Load() {
			b.read = read.n
			if !s.send(ctx, b) {
				return s.wait()
			}
			b = new(batch)
		}
	}
}
