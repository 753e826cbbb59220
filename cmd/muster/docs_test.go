package main

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/transport"
)

// TestDocumentedTables holds the tables in docs against the program: what they
// leave out, and what they promise without its being there.
func TestDocumentedTables(t *testing.T) {
	api, metrics := documentedService(t)
	for _, table := range []struct {
		name, file, rows string
		want             []string
	}{
		{"settings", "operations.md", "(?m)^\\| `--([a-z-]+)` \\| `MUSTER_", settingsOfServe()},
		{"metrics", "operations.md", "(?m)^\\| `(muster_[a-z_]+)` \\|", metrics},
		{"event types", "events.md", "(?m)^\\| `(muster\\.[a-z_.]+)` \\|", events.Types()},
		{"codes", "api.md", "(?m)^\\| `([a-z_]+` \\| [0-9]{3}) \\|", codes(t, api)},
	} {
		t.Run(table.name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "docs", table.file))
			if err != nil {
				t.Fatal(err)
			}
			got := firstGroups(table.rows, string(text))
			slices.Sort(got)
			slices.Sort(table.want)
			if diff := cmp.Diff(table.want, got); diff != "" {
				t.Errorf("docs/%s is not what the program says (-program +docs):\n%s", table.file, diff)
			}
		})
	}
}

func firstGroups(pattern, text string) (found []string) {
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

func settingsOfServe() (names []string) {
	newServe().Flags().VisitAll(func(f *pflag.Flag) {
		if len(f.Annotations[environment]) > 0 {
			names = append(names, f.Name)
		}
	})
	return names
}

// codes are the codes of problems with their statuses, from the page that problems
// point to.
func codes(t *testing.T, api *transport.API) []string {
	t.Helper()
	page := httptest.NewRecorder()
	api.ServeHTTP(page, httptest.NewRequest("GET", "/docs/problems", nil))
	row := regexp.MustCompile(`<tr id="([a-z_]+)">.*?<td>([0-9]{3})</td>`)
	var all []string
	for _, match := range row.FindAllStringSubmatch(page.Body.String(), -1) {
		all = append(all, match[1]+"` | "+match[2])
	}
	return all
}

// documentedService is the API of a node that has seen something of everything,
// and the names of its metrics.
func documentedService(t *testing.T) (api *transport.API, metrics []string) {
	t.Helper()
	ctx, logger := context.Background(), slog.New(slog.DiscardHandler)
	n, err := openNode(ctx, settings{data: t.TempDir(), partitions: 1}, logger, io.Discard)
	t.Cleanup(func() {
		if err := n.close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := n.fillDemo(ctx); err != nil {
		t.Fatal(err)
	}
	api, err = transport.New(transport.Options{
		Log: n.log, Models: n.models, Logger: logger, Metrics: n.metrics, Gatherer: n.metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/livez", "/metrics"} { // the second sees that there was a first
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		metrics = firstGroups(`(?m)^# TYPE (muster_[a-z_]+) `, answer.Body.String())
	}
	return api, metrics
}
