package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// client talks to a running service.
type client struct {
	url   string
	token string
	data  string
}

const (
	defaultURL  = "http://127.0.0.1:8080"
	callTimeout = 30 * time.Second
	maxAnswer   = 8 << 20
)

func (c *client) flags(flags *pflag.FlagSet) {
	flags.StringVar(&c.url, "url", defaultURL, "address of the running service")
	inEnvironment(flags, "url")
}

// credentials are the flags that say with which token.
func (c *client) credentials(flags *pflag.FlagSet) {
	flags.StringVar(&c.token, "token", "", "token to use; none: the root token in the data directory")
	flags.StringVar(&c.data, "data", defaultData, "data directory of the service")
	inEnvironment(flags, "token", "data")
}

// authorize finds the token to use.
func (c *client) authorize() (err error) {
	if c.token != "" {
		return nil
	}
	c.token, err = readRootToken(c.data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds no root token: name a token (--token or MUSTER_TOKEN), or the service's data directory (--data)", c.data)
	}
	return err
}

// problem is what the service answers when it refuses (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Errors []struct {
		Pointer string `json:"pointer"`
		Detail  string `json:"detail"`
	} `json:"errors"`
}

// call sends a request and decodes the answer, where one is wanted.
func (c *client) call(ctx context.Context, method, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.url, "/")+path, sent)
	if err != nil {
		return fmt.Errorf("--url %s: %w", c.url, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("is the service running there? %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return refusal(response.Status, text)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%s does not answer like Muster: %w", c.url, err)
	}
	return nil
}

// Error is what a person needs to know of the problem.
func (p *problem) Error() string {
	if len(p.Errors) == 0 {
		return fmt.Sprintf("%s: %s", p.Code, p.Detail)
	}
	fields := make([]string, len(p.Errors))
	for i, field := range p.Errors {
		fields[i] = field.Pointer + ": " + field.Detail
	}
	return fmt.Sprintf("%s: %s", p.Code, strings.Join(fields, "; "))
}

// refusal is the service's problem as an error.
func refusal(status string, text []byte) error {
	p := new(problem)
	if json.Unmarshal(text, p) != nil || p.Code == "" {
		return fmt.Errorf("the service answered %s", status)
	}
	return p
}
