package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-dev/muster/transport/dialect"
)

// The flag takes names of dialects, and what it prints it also takes.
func TestDialectsFlag(t *testing.T) {
	t.Parallel()
	all := namesOf(dialect.All())
	for _, c := range []struct {
		text string
		want []string
	}{
		{"instantly", []string{"instantly"}},
		{"transactionlink,instantly", []string{"instantly", "transactionlink"}},
		{" transactionlink , transactionlink ", []string{"transactionlink"}},
		{strings.Join(all, ","), all},
		{"none", nil},
	} {
		faces := dialect.All()
		flag := dialects{&faces}
		if err := flag.Set(c.text); err != nil || !slices.Equal(namesOf(faces), c.want) {
			t.Errorf("%q chooses %v, %v; want %v", c.text, namesOf(faces), err, c.want)
		}
		before := flag.String()
		if err := flag.Set(before); err != nil || flag.String() != before {
			t.Errorf("%q does not choose itself: %q, %v", before, flag.String(), err)
		}
	}
	for _, text := range []string{"slack", "instantly,", "instantly,none", "Instantly"} {
		faces := dialect.All()
		if err := (dialects{&faces}).Set(text); err == nil || !strings.Contains(err.Error(), strings.Join(all, ", ")) || len(faces) != len(all) {
			t.Errorf("%q: %v, and %d dialects", text, err, len(faces))
		}
	}
}

// Every dialect has its place in the documentation.
func TestDialectsAreDocumented(t *testing.T) {
	t.Parallel()
	for file, form := range map[string]string{"docs/operations.md": "`%s`", "README.md": "(docs/dialects/%s.md)"} {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range namesOf(dialect.All()) {
			if !strings.Contains(string(text), fmt.Sprintf(form, name)) {
				t.Errorf("%s does not name %s", file, name)
			}
		}
	}
}

// The paths of a dialect that was not chosen are not found.
func TestDialectsAreChosen(t *testing.T) {
	t.Parallel()
	paths := map[string]string{
		"attio": "/v2/workspace_members", "instantly": "/api/v2/workspace-members",
		"teamwork": "/api/v1/Workspaces/x/members", "transactionlink": "/workspaces/x/memberships",
	}
	for _, chosen := range []string{"none", "transactionlink"} {
		p := serving(t, t.TempDir(), "--dialects", chosen)
		for _, name := range namesOf(dialect.All()) {
			path, document := paths[name], "/openapi/"+name+".json"
			if path == "" {
				t.Fatalf("%s: name a path of it here", name)
			}
			if name == chosen {
				if got := p.api.must(400, "GET", path, "").header.Get("Content-Type"); got != "application/json" {
					t.Errorf("%s is answered with %s", path, got)
				}
				p.api.must(200, "GET", document, "")
				continue
			}
			for _, absent := range []string{path, document} {
				if r := p.api.must(404, "GET", absent, ""); r.header.Get("Content-Type") != "application/problem+json" || r.field(t, "code") != "not_found" {
					t.Errorf("%s: %v %s", absent, r.header, r.body)
				}
			}
		}
		p.stop()
	}
}
