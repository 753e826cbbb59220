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
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/transport"
)

const (
	historyClients = 32
	historyLength  = 500
	historyUsers   = 8 // few, so that clients meet
	historyOwners  = 2 // of them, those who are made owners: the last owner's rule ties them together
)

// TestLinearizable: what 32 clients at once were told by one node, can have
// happened one command and one query at a time.
func TestLinearizable(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	n := startInside(t, settings{data: t.TempDir(), partitions: 2})
	for seed := range histories() {
		checkHistory(t, uint64(seed), n)
	}
}

// TestLinearizableOnTwoNodes: the same of commands to two nodes that share a log.
// Queries are left out: what a node shows is as old as its read models, unless the
// client says how new it must be.
func TestLinearizableOnTwoNodes(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	url := externalNATS(t)
	one := startInside(t, settings{data: t.TempDir(), natsURL: url, partitions: 2})
	two := startInside(t, settings{data: t.TempDir(), natsURL: url, partitions: 2})
	for seed := range histories() {
		checkHistory(t, uint64(seed), one, two)
	}
}

func histories() int {
	if testing.Short() {
		return 2
	}
	return 8
}

// startInside starts a node in this process, as serve does, and answers its API.
func startInside(t *testing.T, s settings) http.Handler {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	n, err := openNode(t.Context(), s, logger, io.Discard)
	t.Cleanup(func() {
		if err := n.close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.start(ctx); err != nil {
		t.Fatal(err)
	}
	api, err := transport.New(transport.Options{Log: n.log, Models: n.models, RootToken: processToken, Logger: logger})
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

// input is one operation of a history; output what it was answered.
type (
	input struct {
		method string
		user   int
		role   rank // of a POST or PATCH
	}
	output struct {
		status int
		role   rank // what a GET showed
	}
)

// rank is what a user is in a history.
type rank uint8

const (
	nobody rank = iota // and was somebody before
	never
	viewer
	editing
	owning
)

var rankNames = [...]string{nobody: "nobody", never: "never", viewer: "viewer", editing: "editor", owning: "owner"}

// ranks has the rank of every user.
type ranks [historyUsers]rank

// membersModel says what a workspace's members are and may become: the whole of
// what a history is held against. Users who are never owners have nothing to do
// with one another, so their operations are checked apart.
var membersModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, historyUsers)
		for _, op := range history {
			user := op.Input.(input).user
			if user < historyOwners {
				user = 0
			}
			parts[user] = append(parts[user], op)
		}
		return parts
	},
	Init: func() any {
		var all ranks
		for i := range all {
			all[i] = never
		}
		all[0] = owning
		return all
	},
	Step: func(state, asked, answered any) (bool, any) {
		in, out := asked.(input), answered.(output)
		want, next := state.(ranks).step(in)
		if out.status == unknownOutcome {
			return true, next // it may have come at any time after it was asked for
		}
		return out == want, next
	},
	DescribeOperation: func(asked, answered any) string {
		in, out := asked.(input), answered.(output)
		return fmt.Sprintf("%s user %d %s: %d %s", in.method, in.user, rankNames[in.role], out.status, rankNames[out.role])
	},
	DescribeState: func(state any) (text string) {
		for user, r := range state.(ranks) {
			text += fmt.Sprintf("%d %s ", user, rankNames[r])
		}
		return text
	},
}

// unknownOutcome stands for an answer that does not say whether it was done.
const unknownOutcome = http.StatusServiceUnavailable

// step answers what the operation must be answered, and what it leaves.
func (all ranks) step(in input) (output, ranks) {
	is := all[in.user]
	member := is > never
	owners := 0
	for _, r := range all {
		if r == owning {
			owners++
		}
	}
	lastOwner := is == owning && owners == 1
	switch {
	case in.method == http.MethodGet && member:
		return output{http.StatusOK, is}, all
	case !member && (in.method == http.MethodGet || in.method == http.MethodPatch), is == never && in.method == http.MethodDelete:
		return output{status: http.StatusNotFound}, all
	case member && in.method == http.MethodPost, // already_member
		lastOwner && in.method == http.MethodDelete, lastOwner && in.method == http.MethodPatch && in.role != owning: // last_owner
		return output{status: http.StatusConflict}, all
	}
	status := http.StatusOK
	switch in.method {
	case http.MethodPost:
		status, all[in.user] = http.StatusCreated, in.role
	case http.MethodPatch:
		all[in.user] = in.role
	case http.MethodDelete:
		status = http.StatusNoContent
		if member {
			all[in.user] = nobody
		}
	}
	return output{status: status}, all
}

// checkHistory lets clients do what they like to one workspace, through all nodes,
// and has it checked that all answers fit one order.
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

// newHistory makes a workspace with its owner, whom every node knows.
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

// send does the operation.
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
