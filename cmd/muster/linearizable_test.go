package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/transport"
)

const (
	historyClients = 32
	historyLength  = 500
	historyUsers   = 8 // few, so that clients conflict
	historyOwners  = 2 // of these users, how many are made owners; the rule of the last owner connects them
)

// TestLinearizable checks that all responses of one node to 32 concurrent clients can be
// explained by some order of one command or query at a time.
func TestLinearizable(t *testing.T) {
	t.Parallel()
	n := startInside(t, settings{data: t.TempDir(), partitions: 2})
	for seed := range histories() {
		checkHistory(t, uint64(seed), n)
	}
}

// TestLinearizableOnTwoNodes checks the same of commands to two nodes that share a log.
// It leaves out queries, because a node may show an older state unless the client sends
// a position.
func TestLinearizableOnTwoNodes(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	one := startInside(t, settings{data: t.TempDir(), natsURL: url, partitions: 2})
	two := startInside(t, settings{data: t.TempDir(), natsURL: url, partitions: 2})
	for seed := range histories() {
		checkHistory(t, uint64(seed), one, two)
	}
}

// histories returns how many histories to check.
func histories() int {
	if testing.Short() {
		return 2
	}
	return 8
}

// startInside starts a node in this process, as serve does, and returns its API.
func startInside(t *testing.T, s settings) http.Handler {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	n, err := node.Open(t.Context(), s.node(logger, io.Discard))
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.Start(ctx); err != nil {
		t.Fatal(err)
	}
	api, err := n.API(transport.Options{RootToken: processToken}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Drain)
	return api
}

// ask sends a request to an API in this process.
func ask(api http.Handler, method, path, body string, more ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+processToken)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(more); i += 2 {
		request.Header.Set(more[i], more[i+1])
	}
	recorder := httptest.NewRecorder()
	api.ServeHTTP(recorder, request)
	return recorder
}

// checkHistory lets clients send random requests about one workspace to all nodes, and
// checks that all responses fit one order.
func checkHistory(t *testing.T, seed uint64, nodes ...http.Handler) {
	t.Helper()
	s, users := newHistory(t, nodes)
	methods := []string{http.MethodPost, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodGet, http.MethodGet}
	if len(nodes) > 1 {
		methods = methods[:4]
	}
	begin := time.Now()
	operations := make([][]porcupine.Operation, historyClients)
	var clients sync.WaitGroup
	for client := range operations {
		random := rand.New(rand.NewPCG(seed, uint64(client)))
		clients.Go(func() {
			for range historyLength / historyClients {
				in := input{methods[random.IntN(len(methods))], random.IntN(historyUsers), viewer + rank(random.IntN(2))}
				if in.user < historyOwners {
					in.role++ // editor or owner
				}
				call := time.Since(begin)
				out := in.send(t, nodes[random.IntN(len(nodes))], s, users[in.user])
				operations[client] = append(operations[client], porcupine.Operation{
					ClientId: client, Input: in, Call: int64(call), Output: out, Return: int64(time.Since(begin)),
				})
			}
		})
	}
	clients.Wait()
	var history []porcupine.Operation
	met, unknown := 0, 0
	for _, of := range operations {
		for _, op := range of {
			switch op.Output.(output).status {
			case unknownOutcome:
				op.Return = 1 << 62
				unknown++
			case http.StatusConflict, http.StatusNotFound:
				met++
			}
			history = append(history, op)
		}
	}
	result, info := porcupine.CheckOperationsVerbose(membersModel, history, patience)
	if result != porcupine.Ok {
		path := filepath.Join(t.ArtifactDir(), fmt.Sprintf("history-%d.html", seed))
		t.Fatalf("history %d is not linearizable: %s; drawn in %s (%v); go test -artifacts keeps it", seed, result, path, porcupine.VisualizePath(membersModel, info, path))
	}
	if met == 0 || len(history) < historyLength/historyClients*historyClients {
		t.Errorf("history %d says little: %d operations, %d refused", seed, len(history), met)
	}
	t.Logf("history %d: %d operations, %d refused, %d unknown", seed, len(history), met, unknown)
}

// newHistory makes a workspace that every node knows, and the ids of users. The first
// one is its owner.
func newHistory(t *testing.T, nodes []http.Handler) (s site, users []string) {
	t.Helper()
	for range historyUsers {
		users = append(users, uuid.NewString())
	}
	must := func(r *httptest.ResponseRecorder, status int) reply {
		t.Helper()
		if r.Code != status {
			t.Fatalf("%d, not %d: %s", r.Code, status, r.Body)
		}
		return reply{r.Code, r.Header(), r.Body.Bytes()}
	}
	s.owner = users[0]
	s.org = must(ask(nodes[0], "POST", "/v1/organizations",
		fmt.Sprintf(`{"name":"Analytical Engines","owner":{"user_id":%q,"email":"ada@example.com"}}`, s.owner)), 201).field(t, "id")
	made := must(ask(nodes[0], "POST", "/v1/organizations/"+s.org+"/workspaces", fmt.Sprintf(`{"name":"Mill","owner_user_id":%q}`, s.owner)), 201)
	s.ws = made.field(t, "id")
	for _, n := range nodes {
		must(ask(n, "GET", "/v1/workspaces/"+s.ws, "", needs(made.header.Get("Muster-Position"))...), 200)
	}
	return s, users
}

// send sends the request of the operation.
func (in input) send(t *testing.T, node http.Handler, s site, user string) output {
	path, body := s.members(), ""
	if in.method != http.MethodPost {
		path += "/" + user
	}
	switch in.method {
	case http.MethodPost:
		body = fmt.Sprintf(`{"user_id":%q,"role":%q}`, user, rankNames[in.role])
	case http.MethodPatch:
		body = fmt.Sprintf(`{"role":%q}`, rankNames[in.role])
	}
	r := ask(node, in.method, path, body)
	out := output{status: r.Code}
	switch {
	case r.Code >= http.StatusInternalServerError:
		if r.Code != unknownOutcome {
			t.Errorf("%d: %s", r.Code, r.Body)
		}
		out.status = unknownOutcome
	case in.method == http.MethodGet && r.Code == http.StatusOK:
		var shown struct {
			Role struct {
				Key string `json:"key"`
			} `json:"role"`
		}
		if err := json.Unmarshal(r.Body.Bytes(), &shown); err != nil {
			t.Error(err)
		}
		out.role = rank(slices.Index(rankNames[:], shown.Role.Key))
	}
	return out
}
