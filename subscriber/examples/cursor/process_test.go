package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience bounds how long tests wait for something that must come. Muster waits for half a
// minute after the second failure of a webhook.
const patience = 3 * time.Minute

const rootToken = "the-root-token-of-the-tests"

// asProgram makes the test's own binary be the program.
const asProgram = "CURSOR_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a program that can be killed and started again.
type process struct {
	t    *testing.T
	path string
	args []string
	env  []string
	cmd  *exec.Cmd
}

// start starts the process, and returns the first URL of its log.
func (p *process) start() (url string) {
	p.t.Helper()
	p.cmd = exec.Command(p.path, p.args...)
	p.cmd.Env = append(os.Environ(), p.env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(p.kill)
	found := make(chan string, 1)
	go func() {
		defer close(found)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if _, rest, ok := strings.Cut(lines.Text(), "http://"); ok {
				if len(found) == 0 {
					found <- "http://" + strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(`"/ `, r) })[0]
				}
			}
		}
	}()
	if p.args[len(p.args)-1] == "follow" {
		return ""
	}
	select {
	case url = <-found:
	case <-time.After(patience):
	}
	if url == "" {
		p.t.Fatalf("%s %v does not listen", p.path, p.args)
	}
	return url
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

// cursor returns the program under test.
func cursor(t *testing.T, env string, args ...string) *process {
	return &process{t: t, path: os.Args[0], args: args, env: []string{asProgram + "=1", env}}
}

// service is a running service.
type service struct {
	process
	url string
}

// serve builds the service and starts it.
func serve(t *testing.T) *service {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "muster")
	build := exec.Command("go", "build", "-o", binary, "./cmd/muster")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := &service{process: process{
		t: t, path: binary, env: []string{"MUSTER_ROOT_TOKEN=" + rootToken},
		args: []string{"serve", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--dialects", "none", "--webhook-allow-private"},
	}}
	s.url = s.start()
	s.args[4] = strings.TrimPrefix(s.url, "http://") // where it also listens after a restart
	return s
}

// must sends a request and decodes the response. It fails the test unless the response is a
// success.
func (s *service) must(method, path string, body, into any) {
	s.t.Helper()
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		sent = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, sent)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+rootToken)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s, %v\n%s", method, path, response.Status, err, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			s.t.Fatal(err)
		}
	}
}

// id is the id of what was made.
type id struct {
	ID string `json:"id"`
}

// found makes an organization with a workspace, and a token that reads its events.
func (s *service) found() (organization, workspace, token string) {
	s.t.Helper()
	type object = map[string]any
	const owner = "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"
	var org, ws id
	s.must("POST", "/v1/organizations", object{"name": "Acme", "owner": object{"user_id": owner, "email": "ada@example.com"}}, &org)
	s.must("POST", "/v1/organizations/"+org.ID+"/workspaces", object{"name": "Mill", "owner_user_id": owner}, &ws)
	var issued struct{ Secret string }
	s.must("POST", "/v1/organizations/"+org.ID+"/tokens", object{"name": "notices", "scopes": []string{"events:read"}}, &issued)
	return org.ID, ws.ID, issued.Secret
}

// add adds the member with that number.
func (s *service) add(workspace string, number int) {
	s.t.Helper()
	user := fmt.Sprintf("019cc043-0000-7000-8000-%012d", number)
	s.must("POST", "/v1/workspaces/"+workspace+"/members", map[string]any{"user_id": user, "role": "viewer"}, nil)
}
