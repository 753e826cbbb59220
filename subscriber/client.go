package subscriber

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// defaultSilence is three times the interval of the service's heartbeats.
	defaultSilence = 45 * time.Second
	userAgent      = "muster-subscriber-go"
	// maxAnswer bounds what is read of a response that is not a stream.
	maxAnswer = 1 << 20
)

// Client reads the events of one organization. It can be used by several goroutines at the
// same time.
type Client struct {
	url          string
	token        string
	organization string
	http         *http.Client
	silence      time.Duration
	logger       *slog.Logger
}

// Option changes a [Client].
type Option func(*Client)

// Organization names the organization whose events are read. It is needed with the root
// token only: every other token belongs to an organization, and the client asks the service
// which one that is.
func Organization(id string) Option { return func(c *Client) { c.organization = id } }

// HTTPClient sets the client that requests are sent with. By default it is one without a
// timeout. If it has a timeout, streams are cut and resumed each time it has passed.
func HTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// Silence sets how long a connection may bring nothing before it is given up and made
// again. The default is 45 s. The service sends something every 15 s.
func Silence(d time.Duration) Option { return func(c *Client) { c.silence = d } }

// Logger sets where broken connections are logged, at level Warn. By default they are not
// logged.
func Logger(l *slog.Logger) Option { return func(c *Client) { c.logger = l } }

// New returns a client of the service at the address, such as https://muster.acme.example.
// The token needs the scope events:read. New sends no request. If the address is wrong, the
// first use of the client returns the error.
func New(address, token string, options ...Option) *Client {
	c := &Client{
		url: strings.TrimSuffix(address, "/"), token: token,
		http: &http.Client{}, silence: defaultSilence, logger: slog.New(slog.DiscardHandler),
	}
	for _, option := range options {
		option(c)
	}
	return c
}

// check returns an error if no request can ever succeed.
func (c *Client) check() error {
	u, err := url.Parse(c.url)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%.200q is not the address of a service: one like https://muster.acme.example is expected", c.url)
	case c.token == "":
		return errors.New("the token is empty: a token with the scope events:read is expected")
	case c.silence <= 0:
		return fmt.Errorf("a silence of %v is not possible: the service sends something every 15 s", c.silence)
	}
	return nil
}

// request returns a request for a path of the service.
func (c *Client) request(ctx context.Context, path, accept string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Accept", accept)
	r.Header.Set("User-Agent", userAgent)
	return r, nil
}

// ask sends a request and decodes the response. If the service refuses it, the error is a
// [*Problem] with the wait that the service asks for.
func (c *Client) ask(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.silence)
	defer cancel()
	request, err := c.request(ctx, path, "application/json")
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return refused(response)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if json.Unmarshal(text, into) != nil {
		return final{fmt.Errorf("the service at %s is not Muster", c.url)}
	}
	return nil
}

// path returns the path of the organization's events.
func (c *Client) path(ctx context.Context) (string, error) {
	organization := c.organization
	if organization == "" {
		var self struct {
			Organization string `json:"organization_id"`
		}
		if err := c.ask(ctx, "/v1/self", &self); err != nil {
			return "", err
		}
		if organization = self.Organization; organization == "" {
			return "", final{errors.New("the token belongs to no organization: name one with the option Organization")}
		}
	}
	return "/v1/organizations/" + url.PathEscape(organization) + "/events", nil
}

// end returns the position of the organization's last event.
func (c *Client) end(ctx context.Context, path string) (string, error) {
	var list struct {
		Position Position `json:"position"`
	}
	if err := c.ask(ctx, path+"?page_size=1&after=latest", &list); err != nil {
		return "", err
	}
	return list.Position.String(), nil
}
