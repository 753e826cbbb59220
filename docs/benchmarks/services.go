package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// service is one of the two that are compared. Its methods return an error if the response
// is not the one that must be expected.
type service interface {
	fmt.Stringer
	add(workspace int, user, email string) error
	check(workspace int, user string, allowed bool) error
	list(workspace int) error
	reachable(workspace int, user string) error
}

type muster struct {
	*world
	url string
}

func (m *muster) String() string { return "Muster" }

func (m *muster) add(workspace int, user, email string) error {
	_, err := send(http.MethodPost, m.url+"/v1/workspaces/"+m.workspaces[workspace]+"/members", m.of(workspace).token, `{"user_id":"`+user+`","role":"editor","email":"`+email+`"}`)
	return err
}

func (m *muster) check(workspace int, user string, allowed bool) error {
	text, err := send(http.MethodPost, m.url+"/v1/access/check", m.of(workspace).token, `{"user_id":"`+user+`","workspace_id":"`+m.workspaces[workspace]+`","role":"editor"}`)
	return expect(text, err, fmt.Sprintf(`"allowed":%t`, allowed), 1)
}

func (m *muster) list(workspace int) error {
	text, err := send(http.MethodGet, m.url+"/v1/workspaces/"+m.workspaces[workspace]+"/members?page_size=100", m.of(workspace).token, "")
	return expect(text, err, `"user_id"`, members)
}

func (m *muster) reachable(workspace int, user string) error {
	org := m.of(workspace)
	text, err := send(http.MethodGet, m.url+"/v1/organizations/"+org.id+"/users/"+user+"/workspaces?page_size=100", org.token, "")
	return expect(text, err, m.workspaces[workspace], 1)
}

// handWritten is the service of crud.go.
type handWritten struct {
	*world
	url string
}

func (h *handWritten) String() string { return "PostgreSQL" }

func (h *handWritten) add(workspace int, user, email string) error {
	_, err := send(http.MethodPost, h.url+"/workspaces/"+h.workspaces[workspace]+"/members", "", `{"user_id":"`+user+`","role":"editor","email":"`+email+`"}`)
	return err
}

func (h *handWritten) check(workspace int, user string, allowed bool) error {
	text, err := send(http.MethodGet, h.url+"/workspaces/"+h.workspaces[workspace]+"/access/"+user, "", "")
	return expect(text, err, fmt.Sprintf(`"allowed":%t`, allowed), 1)
}

func (h *handWritten) list(workspace int) error {
	text, err := send(http.MethodGet, h.url+"/workspaces/"+h.workspaces[workspace]+"/members", "", "")
	return expect(text, err, `"user_id"`, members)
}

func (h *handWritten) reachable(workspace int, user string) error {
	text, err := send(http.MethodGet, h.url+"/organizations/"+h.of(workspace).id+"/users/"+user+"/workspaces", "", "")
	return expect(text, err, h.workspaces[workspace], 1)
}

var client = &http.Client{
	Timeout:   time.Minute,
	Transport: &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024},
}

func send(method, url, token, body string) ([]byte, error) {
	text, _, err := exchange(method, url, token, body)
	return text, err
}

// position posts the body, and returns the position of the command.
func position(url, token, body string) (string, error) {
	_, header, err := exchange(http.MethodPost, url, token, body)
	return header.Get("Muster-Position"), err
}

func exchange(method, url, token, body string) ([]byte, http.Header, error) {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, url, content)
	if err != nil {
		return nil, nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %s %.300s", method, url, response.Status, text)
	}
	return text, response.Header, err
}

// expect returns an error if the response contains the text less often than it must.
func expect(answer []byte, err error, text string, times int) error {
	if err == nil && bytes.Count(answer, []byte(text)) < times {
		err = fmt.Errorf("the answer has %s less than %d times: %.300s", text, times, answer)
	}
	return err
}
