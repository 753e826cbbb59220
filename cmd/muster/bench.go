package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

// bench is what muster bench is asked for.
type bench struct {
	dir    string
	each   time.Duration
	format string

	node    *node
	api     *client
	org     domain.OrganizationID
	ws      domain.WorkspaceID
	owner   domain.UserID
	host    string
	token   string
	results []measured
}

// measured is one line of the answer.
type measured struct {
	What      string        `json:"what"`
	Callers   int           `json:"callers"`
	PerSecond float64       `json:"per_second"`
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
	// Floor is what the line is held against; Ratio is how many times as fast.
	Floor string  `json:"floor,omitempty"`
	Ratio float64 `json:"ratio,omitempty"`
	// Flushes is how many messages of the log, each a flush, a command took.
	Flushes float64 `json:"flushes_per_command,omitempty"`
}

func newBench() *cobra.Command {
	b := bench{format: "table"}
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure this machine: durable commands and reads beside their floors",
		Long: "Bench runs Muster in a fresh directory on the disk that it is pointed to, loads it over\n" +
			"loopback from this process, and prints what it did in a second beside what the machine\n" +
			"could do at most: one file flushed after each record, and an HTTP server that answers\n" +
			"nothing. Absolute figures are this machine's; the ratios travel. The directory is\n" +
			"removed afterwards.",
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			return b.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	f := cmd.Flags()
	f.StringVar(&b.dir, "dir", ".", "where the fresh directory is made: the disk to measure")
	f.DurationVar(&b.each, "time", 3*time.Second, "how long each line is measured")
	f.Var(oneOf(&b.format, "table", "json"), "format", "how to print")
	return cmd
}

const benchMembers = 1000 // in the workspace that is read from

func (b *bench) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	if b.each < 10*time.Millisecond || b.each > 10*time.Minute {
		return usage("--time %s: something between 10ms and 10m is expected", b.each)
	}
	dir, err := os.MkdirTemp(b.dir, "muster-bench-")
	if err != nil {
		return fmt.Errorf("--dir %s: %w", b.dir, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	logger := slog.New(slog.DiscardHandler)
	b.node, err = openNode(ctx, settings{data: filepath.Join(dir, "data"), partitions: defaultPartitions}, logger, io.Discard)
	defer func() { err = errors.Join(err, b.node.close()) }()
	if err != nil {
		return err
	}
	if err := b.node.start(ctx); err != nil {
		return err
	}
	stop, err := b.serve(logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := b.fill(ctx); err != nil {
		return err
	}
	for _, line := range b.lines(dir) {
		fmt.Fprintf(stderr, "measuring: %s, %d callers\n", line.what, line.callers)
		if err := b.measure(ctx, line); err != nil {
			return fmt.Errorf("%s: %w", line.what, err)
		}
	}
	return b.print(stdout)
}

// serve opens the API as muster serve would, and beside it, in the same server,
// handlers that do nothing: the floors.
func (b *bench) serve(logger *slog.Logger) (stop func() error, err error) {
	const root = "bench"
	api, err := transport.New(transport.Options{
		Log: b.node.log, Models: b.node.models, RootToken: root, Logger: logger,
		Metrics: b.node.metrics, Gatherer: b.node.metrics,
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	nothing := make([]byte, 500)
	mux.HandleFunc("/floor", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(nothing)
	})
	f := serveHTTP(listener, logger)
	f.open(mux, api.Drain)
	b.host = listener.Addr().String()
	b.api = &client{url: "http://" + b.host, token: root}
	return f.shutdown, nil
}

// fill makes the organization that is measured on, and a token for it.
func (b *bench) fill(ctx context.Context) error {
	b.org, b.ws, b.owner = newID[domain.OrganizationID](), newID[domain.WorkspaceID](), newID[domain.UserID]()
	meta := b.meta()
	commands := []domain.Command{
		domain.CreateOrganization{Meta: meta, Name: "Bench", Owner: b.owner, Profile: domain.ProfileFacts{Email: "owner@example.com"}},
		domain.CreateWorkspace{Meta: meta, Workspace: b.ws, Name: "Bench", Owner: b.owner, Membership: newID[domain.MembershipID]()},
	}
	for _, c := range commands {
		if _, err := b.node.log.Run(ctx, c); err != nil {
			return err
		}
	}
	var wg sync.WaitGroup
	errs := make([]error, 64)
	for i := range errs {
		wg.Go(func() {
			for n := i; n < benchMembers && errs[i] == nil; n += len(errs) {
				errs[i] = b.add(ctx, domain.ProfileFacts{
					Email: fmt.Sprintf("person%d@example.com", n), Name: domain.PersonName{First: "Person", Last: fmt.Sprint(n)},
				})
			}
		})
	}
	wg.Wait()
	var issued struct {
		Secret string `json:"secret"`
	}
	body := map[string]any{"name": "bench", "scopes": []string{"all:all"}}
	errs = append(errs, b.api.call(ctx, http.MethodPost, "/v1/organizations/"+b.org.String()+"/tokens", body, &issued))
	b.token = issued.Secret
	return errors.Join(errs...)
}

func (b *bench) meta() domain.Meta {
	return domain.Meta{
		ID: newID[domain.CommandID](), Organization: b.org,
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "bench", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
	}
}

// add runs one durable command in this process and waits until it can be read.
func (b *bench) add(ctx context.Context, profile ...domain.ProfileFacts) error {
	result, err := b.node.log.Run(ctx, b.addition(profile...))
	if err != nil {
		return err
	}
	return b.node.models.WaitFor(ctx, result.Position)
}

// append runs one durable command in this process, whoever can read it yet.
func (b *bench) append(ctx context.Context, profile ...domain.ProfileFacts) error {
	_, err := b.node.log.Run(ctx, b.addition(profile...))
	return err
}

func (b *bench) addition(profile ...domain.ProfileFacts) domain.AddMember {
	c := domain.AddMember{
		Meta: b.meta(), Workspace: b.ws, User: newID[domain.UserID](), Terms: domain.Terms{Role: domain.RoleEditor}, Membership: newID[domain.MembershipID](),
	}
	if len(profile) > 0 {
		c.Profile = &profile[0]
	}
	return c
}

func newID[T ~[16]byte]() T { return T(uuid.Must(uuid.NewV7())) }

func (b *bench) print(stdout io.Writer) error {
	if b.format == "json" {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(b.results)
	}
	t := newTable(stdout, "what", "callers", "a second", "p50", "p99", "times", "of", "flushes each")
	for _, m := range b.results {
		ratio, flushes := "", ""
		if m.Floor != "" {
			ratio = fmt.Sprintf("%.2f", m.Ratio)
		}
		if m.Flushes > 0 {
			flushes = fmt.Sprintf("%.3f", m.Flushes)
		}
		t.AppendRow(table.Row{
			m.What, m.Callers, fmt.Sprintf("%.0f", m.PerSecond),
			m.P50.Round(time.Microsecond), m.P99.Round(time.Microsecond), ratio, m.Floor, flushes,
		})
	}
	t.Render()
	return nil
}
