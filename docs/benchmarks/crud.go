package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// schema is what such a service needs for the work that is compared, and no more.
const schema = `
CREATE TABLE workspaces (
	id uuid PRIMARY KEY,
	organization_id uuid NOT NULL
);
CREATE INDEX ON workspaces (organization_id);
CREATE TABLE organization_admins (
	organization_id uuid NOT NULL,
	user_id uuid NOT NULL,
	PRIMARY KEY (user_id, organization_id)
);
CREATE TABLE memberships (
	workspace_id uuid NOT NULL REFERENCES workspaces,
	user_id uuid NOT NULL,
	role text NOT NULL,
	email text NOT NULL,
	state text NOT NULL DEFAULT 'active',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX ON memberships (user_id);
CREATE INDEX ON memberships (email);
CREATE TABLE audit (
	id bigserial PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT now(),
	actor text NOT NULL,
	action text NOT NULL,
	workspace_id uuid NOT NULL,
	user_id uuid NOT NULL,
	detail jsonb NOT NULL
);`

// The membership and its audit row are written by one statement, which is about twice as
// fast as the usual transaction of several statements.
const (
	insertMember = `
WITH member AS (
	INSERT INTO memberships (workspace_id, user_id, role, email) VALUES ($1, $2, $3, $4)
	RETURNING workspace_id, user_id, role
)
INSERT INTO audit (actor, action, workspace_id, user_id, detail)
SELECT 'crud', 'member.added', workspace_id, user_id, jsonb_build_object('role', role) FROM member`

	selectAccess = `
SELECT role FROM memberships WHERE workspace_id = $1 AND user_id = $2 AND state = 'active'
UNION ALL
SELECT 'admin' FROM workspaces JOIN organization_admins USING (organization_id) WHERE id = $1 AND user_id = $2
LIMIT 1`

	selectMembers = `
SELECT workspace_id, user_id, role, email, state, created_at, updated_at
FROM memberships WHERE workspace_id = $1 ORDER BY user_id LIMIT 100`

	selectWorkspaces = `
SELECT workspace_id FROM memberships JOIN workspaces ON id = workspace_id WHERE user_id = $1 AND organization_id = $2
UNION
SELECT id FROM organization_admins JOIN workspaces USING (organization_id) WHERE user_id = $1 AND organization_id = $2
LIMIT 100`
)

type member struct {
	Workspace uuid.UUID `json:"workspace_id"`
	User      uuid.UUID `json:"user_id"`
	Role      string    `json:"role"`
	Email     string    `json:"email"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// crud is the hand-written service. It checks no token and no rule, so it does less than
// Muster.
type crud struct{ db *pgxpool.Pool }

func serveCRUD(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("crud", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:28090", "address to serve on")
	dsn := flags.String("postgres", "", "database, which must be empty")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	db, err := pgxpool.New(ctx, *dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(ctx, schema); err != nil {
		return err
	}
	c := crud{db}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /workspaces/{workspace}/members", c.add)
	mux.HandleFunc("GET /workspaces/{workspace}/members", c.list)
	mux.HandleFunc("GET /workspaces/{workspace}/access/{user}", c.check)
	mux.HandleFunc("GET /organizations/{organization}/users/{user}/workspaces", c.workspaces)
	server := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func answer(w http.ResponseWriter, status int, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (c crud) add(w http.ResponseWriter, r *http.Request) {
	var m member
	err := json.NewDecoder(r.Body).Decode(&m)
	if err == nil {
		_, err = c.db.Exec(r.Context(), insertMember, r.PathValue("workspace"), m.User, m.Role, m.Email)
	}
	answer(w, http.StatusCreated, m, err)
}

func (c crud) check(w http.ResponseWriter, r *http.Request) {
	var access struct {
		Allowed bool   `json:"allowed"`
		Role    string `json:"role"`
	}
	err := c.db.QueryRow(r.Context(), selectAccess, r.PathValue("workspace"), r.PathValue("user")).Scan(&access.Role)
	access.Allowed = err == nil
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	answer(w, http.StatusOK, access, err)
}

func (c crud) list(w http.ResponseWriter, r *http.Request) {
	rows, err := c.db.Query(r.Context(), selectMembers, r.PathValue("workspace"))
	if err != nil {
		answer(w, 0, nil, err)
		return
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[member])
	answer(w, http.StatusOK, all, err)
}

func (c crud) workspaces(w http.ResponseWriter, r *http.Request) {
	rows, err := c.db.Query(r.Context(), selectWorkspaces, r.PathValue("user"), r.PathValue("organization"))
	if err != nil {
		answer(w, 0, nil, err)
		return
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	answer(w, http.StatusOK, all, err)
}
