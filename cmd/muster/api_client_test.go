package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// apiClient sends requests to a process.
type apiClient struct {
	t     testing.TB
	url   string
	token string
	http  *http.Client
}

// reply is a response.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request. The rest are headers, each as a name and a value.
func (c apiClient) do(method, path, body string, more ...string) (reply, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(more); i += 2 {
		request.Header.Set(more[i], more[i+1])
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, text}, err
}

// must is do, and fails the test unless the response has that status.
func (c apiClient) must(status int, method, path, body string, more ...string) reply {
	c.t.Helper()
	r, err := c.do(method, path, body, more...)
	if err != nil {
		c.t.Fatal(err)
	}
	if r.status != status {
		c.t.Fatalf("%s %s: %d, not %d: %s", method, path, r.status, status, r.body)
	}
	return r
}

// field returns a text from the top level of the body.
func (r reply) field(t testing.TB, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(r.body, &object); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	text, ok := object[name].(string)
	if !ok {
		t.Fatalf("there is no %s in %s", name, r.body)
	}
	return text
}
