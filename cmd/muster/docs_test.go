package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/demo"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// TestDocumentedTables compares the tables in docs with the program. Each must have
// exactly the rows of the other.
func TestDocumentedTables(t *testing.T) {
	t.Parallel()
	api, metrics := documentedService(t)
	for _, table := range []struct {
		name, file, rows string
		want             []string
	}{
		{"settings", "operations.md", "(?m)^\\| `--([a-z-]+)` \\| `MUSTER_", settingsOfServe()},
		{"metrics", "operations.md", "(?m)^\\| `(muster_[a-z_]+)` \\|", metrics},
		{"operations", "api.md", "(?m)^\\| ([A-Z]+ \\| `[^|]+ \\| [^|]+ \\| .*) \\|$", operations(api)},
		{"resources of scopes", "security.md", "(?m)^\\| `([a-z_]+)` \\| `", resources(api)},
		{"codes", "api.md", "(?m)^\\| `([a-z_]+` \\| [0-9]{3} \\| [^|]*) \\|", codes(t, api)},
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
		if terminal.Variable(f) != "" {
			names = append(names, f.Name)
		}
	})
	return names
}

// operations returns the rows of all operations under /v1: method, path, scope, summary and
// name.
func operations(api *transport.API) (all []string) {
	for _, op := range api.OpenAPI("").Operations() {
		if !strings.HasPrefix(op.Path, "/v1/") {
			continue
		}
		path, scope := op.Path, "no token"
		if rest, ok := strings.CutPrefix(path, "/v1/organizations/{organization}/"); ok {
			path = "…/" + rest
		}
		if len(op.Security) > 0 {
			switch declared := domain.Scope(op.Security[0][openapi.TokenScheme][0]); declared {
			case transport.RootScope:
				scope = "root token only"
			case transport.AnyScope:
				scope = "any token"
			default:
				scope = "`" + string(declared) + "`"
			}
		}
		all = append(all, fmt.Sprintf("%s | `%s` | %s | %s (`%s`)", op.Method, path, scope, op.Summary, op.OperationID))
	}
	return all
}

// resources returns the resources of the scopes that something asks for.
func resources(api *transport.API) []string {
	all := []string{"actors"} // for the header Muster-On-Behalf-Of
	for _, op := range api.OpenAPI("").Operations() {
		if len(op.Security) == 0 {
			continue
		}
		resource, _, ok := strings.Cut(op.Security[0][openapi.TokenScheme][0], ":")
		if ok && !slices.Contains(all, resource) {
			all = append(all, resource)
		}
	}
	return all
}

// codes returns the codes of problems with their statuses and titles, from the page that problems
// link to.
func codes(t *testing.T, api *transport.API) []string {
	t.Helper()
	page := httptest.NewRecorder()
	api.ServeHTTP(page, httptest.NewRequest("GET", "/docs/problems", nil))
	row := regexp.MustCompile(`<tr id="([a-z_]+)">.*?<td>([0-9]{3})</td><td>(.*?)</td>`)
	var all []string
	for _, match := range row.FindAllStringSubmatch(page.Body.String(), -1) {
		all = append(all, match[1]+"` | "+match[2]+" | "+html.UnescapeString(match[3]))
	}
	return all
}

// documentedService returns the API of a node that holds the demo, and the names of its
// metrics.
func documentedService(t *testing.T) (api *transport.API, metrics []string) {
	t.Helper()
	ctx, logger := context.Background(), slog.New(slog.DiscardHandler)
	n, err := node.Open(ctx, node.Options{Data: t.TempDir(), Partitions: 1, Logger: logger, Stderr: io.Discard})
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := demo.Fill(ctx, n); err != nil {
		t.Fatal(err)
	}
	api, err = n.API(transport.Options{}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/livez", "/metrics"} { // the second one shows metrics of the first
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		metrics = firstGroups(`(?m)^# TYPE (muster_[a-z_]+) `, answer.Body.String())
	}
	return api, metrics
}
