package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/net/http/httpguts"

	"github.com/muster-dev/muster/cmd/muster/secret"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// Client sends requests to a running service.
type Client struct {
	URL   string // of the service
	Token string // empty for requests that need none
	Data  string // the service's data directory, for its root token
	// Transport carries the requests; nil is [http.DefaultTransport].
	Transport http.RoundTripper
}

const (
	defaultURL  = "http://127.0.0.1:8080"
	callTimeout = 30 * time.Second
	maxBody     = 8 << 20 // bytes of a response
)

// Flags defines the flag that says where the service is.
func (c *Client) Flags(flags *pflag.FlagSet) {
	c.URL = defaultURL
	flags.Var(terminal.NewText(&c.URL, "url", checkURL), "url", "address of the running service")
	terminal.InEnvironment(flags, "url")
}

// OptionalFlags defines the flags --url and --token of a command that can also work without a
// service. The address is taken from the command line only, so that a variable does not decide
// where such a command looks.
func (c *Client) OptionalFlags(flags *pflag.FlagSet) {
	flags.Var(terminal.NewText(&c.URL, "url", checkURL), "url", "address of a running service, to ask it over its API")
	flags.Var(terminal.NotEmpty(&c.Token), "token", "token to use with --url; by default the root token in the data directory")
	terminal.InEnvironment(flags, "token")
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("an address like http://127.0.0.1:8080 is expected")
	}
	return nil
}

// TokenFlags defines the flags that say which token to use. The command must then call
// [Client.Authorize].
func (c *Client) TokenFlags(flags *pflag.FlagSet) {
	flags.Var(terminal.NotEmpty(&c.Token), "token", "token to use; by default the root token in the data directory")
	c.Data = terminal.DefaultData
	flags.Var(terminal.NotEmpty(&c.Data), "data", "data directory of the service")
	terminal.InEnvironment(flags, "token", "data")
}

// tokenVariable is the variable of --token.
const tokenVariable = "MUSTER_TOKEN"

// Authorize reads the root token from the data directory if no token was given. An empty
// variable is an error here, because the root token may do more than the token that was
// meant.
func (c *Client) Authorize() (err error) {
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return terminal.Usage("the token has a space, a line break or another character that no token has: check --token or %s", tokenVariable)
	}
	if c.Token != "" {
		return nil
	}
	if _, set := os.LookupEnv(tokenVariable); set {
		return terminal.Usage("%s is empty: set it to a token, or unset it to use the root token in the data directory", tokenVariable)
	}
	c.Token, err = secret.ReadRoot(c.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no root token in %s: give a token (--token or %s), or the service's data directory (--data)", c.Data, tokenVariable)
	}
	return err
}

// Call sends a request and decodes the body of the response into the value that into
// points to. The request has no body if body is nil, and nothing is decoded if into is
// nil. If the service refuses the request, the error is a [*Problem].
func (c *Client) Call(ctx context.Context, method, path string, body, into any) error {
	return c.CallWith(ctx, method, path, nil, body, into)
}

// CallWith is [Client.Call] with headers, by their names.
func (c *Client) CallWith(ctx context.Context, method, path string, headers map[string]string, body, into any) error {
	text, err := c.exchange(ctx, method, path, headers, body)
	if err != nil || into == nil {
		return err
	}
	if json.Unmarshal(text, into) != nil {
		return fmt.Errorf("the service at %s is not Muster (--url)", c.URL)
	}
	return nil
}

// Text gets what is at the path as it is. If the service refuses the request, the error is a
// [*Problem].
func (c *Client) Text(ctx context.Context, path string) ([]byte, error) {
	return c.exchange(ctx, http.MethodGet, path, nil, nil)
}

// exchange sends a request and returns the body of the response.
func (c *Client) exchange(ctx context.Context, method, path string, headers map[string]string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	for name, value := range headers {
		if !httpguts.ValidHeaderFieldValue(value) { // or it seemed that the service cannot be reached
			return nil, terminal.Usage("%s: one line without control characters is expected", name)
		}
		request.Header.Set(name, value)
	}
	response, err := c.do(request)
	if err != nil {
		return nil, c.noResponse(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return nil, c.noResponse(err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, withWait(ReadProblem(response.Status, text), response.Header)
	}
	return text, nil
}

func (c *Client) do(request *http.Request) (*http.Response, error) {
	return (&http.Client{Transport: c.Transport}).Do(request)
}

func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+path, sent)
	if err != nil {
		return nil, fmt.Errorf("--url %s: %w", c.URL, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	return request, nil
}

// OwnOrganization returns the organization that the token belongs to. The root token belongs
// to none.
func (c *Client) OwnOrganization(ctx context.Context) (domain.OrganizationID, error) {
	var self struct {
		Organization *domain.OrganizationID `json:"organization_id"`
	}
	if err := c.Call(ctx, http.MethodGet, "/v1/self", nil, &self); err != nil {
		return domain.OrganizationID{}, err
	}
	if self.Organization == nil {
		return domain.OrganizationID{}, terminal.Usage("--organization is needed: the root token belongs to no organization")
	}
	return *self.Organization, nil
}
