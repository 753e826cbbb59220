package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	organizations = 100
	members       = 100 // of each workspace
	fillers       = 32
)

// world is what both services hold: 100 organizations, workspaces of 100 members, and
// people who are in five workspaces on average.
type world struct {
	organizations []organization
	workspaces    []string // ids; workspace i belongs to organization i % 100
	people        int
}

type organization struct{ id, token string }

func (w *world) of(workspace int) organization { return w.organizations[workspace%organizations] }

// member returns the number of a member of a workspace.
func (w *world) member(workspace, n int) int { return (workspace*members + n) * 104729 % w.people }

func person(n int) string { return id("person", n) }

// admin returns the id of the owner of a workspace's organization.
func admin(workspace int) string { return id("admin", workspace%organizations) }

func email(n int) string { return "person" + strconv.Itoa(n) + "@example.com" }

func id(kind string, n int) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(kind+strconv.Itoa(n))).String()
}

// fillMuster fills Muster over its API, in batches, and prints how fast.
func (w *world) fillMuster(ctx context.Context, m *muster, root string) error {
	for i := range w.organizations {
		org, err := m.create("/v1/organizations", root, fmt.Sprintf(`{"name":"Organization %d","owner":{"user_id":%q,"email":"admin%d@example.com"}}`, i, admin(i), i))
		if err != nil {
			return err
		}
		token, err := m.create("/v1/organizations/"+org.ID+"/tokens", root, `{"name":"benchmarks","scopes":["all:all"]}`)
		if err != nil {
			return err
		}
		w.organizations[i] = organization{org.ID, token.Secret}
	}
	begin := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, fillers)
	for i := range fillers {
		all.Go(func() {
			for errs[i] == nil && ctx.Err() == nil {
				workspace := int(next.Add(1)) - 1
				if workspace >= len(w.workspaces) {
					return
				}
				errs[i] = w.fillWorkspace(m, workspace)
				if filled := (workspace + 1) * members; filled%50_000 == 0 {
					fmt.Fprintf(os.Stderr, "Muster has about %d memberships, %.0f/s\n", filled, float64(filled)/time.Since(begin).Seconds())
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return fmt.Errorf("filling Muster: %w", err)
	}
	fmt.Printf("Muster was filled in batches of %d: %.0f memberships/s\n\n", members-1, float64(len(w.workspaces)*members)/time.Since(begin).Seconds())
	return nil
}

func (w *world) fillWorkspace(m *muster, workspace int) error {
	org := w.of(workspace)
	made, err := m.create("/v1/organizations/"+org.id+"/workspaces", org.token, fmt.Sprintf(`{"name":"Workspace %d","owner_user_id":%q}`, workspace, person(w.member(workspace, 0))))
	if err != nil {
		return err
	}
	w.workspaces[workspace] = made.ID
	operations := make([]string, members-1)
	for i := range operations {
		who := w.member(workspace, i+1)
		operations[i] = fmt.Sprintf(`{"op":"add","user_id":%q,"role":"editor","email":%q}`, person(who), email(who))
	}
	_, err = send(http.MethodPost, m.url+"/v1/workspaces/"+made.ID+"/members/batch", org.token, `{"mode":"atomic","operations":[`+strings.Join(operations, ",")+`]}`)
	return err
}

type created struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

func (m *muster) create(path, token, body string) (made created, err error) {
	text, err := send(http.MethodPost, m.url+path, token, body)
	if err != nil {
		return made, err
	}
	return made, json.Unmarshal(text, &made)
}

// fillPostgres copies the same memberships into the database.
func (w *world) fillPostgres(ctx context.Context, dsn string) error {
	db, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer db.Close(ctx) //nolint:errcheck // everything was written by then
	workspace := func(i int) ([]any, error) { return []any{w.workspaces[i], w.of(i).id}, nil }
	owner := func(i int) ([]any, error) { return []any{w.organizations[i].id, admin(i)}, nil }
	member := func(i int) ([]any, error) {
		role, who := "editor", w.member(i/members, i%members)
		if i%members == 0 {
			role = "owner"
		}
		return []any{w.workspaces[i/members], person(who), role, email(who)}, nil
	}
	for _, table := range []struct {
		name    string
		columns []string
		rows    int
		row     func(int) ([]any, error)
	}{
		{"workspaces", []string{"id", "organization_id"}, len(w.workspaces), workspace},
		{"organization_admins", []string{"organization_id", "user_id"}, len(w.organizations), owner},
		{"memberships", []string{"workspace_id", "user_id", "role", "email"}, len(w.workspaces) * members, member},
	} {
		if _, err := db.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromSlice(table.rows, table.row)); err != nil {
			return fmt.Errorf("filling PostgreSQL: %w", err)
		}
	}
	_, err = db.Exec(ctx, "VACUUM ANALYZE")
	return err
}
