package client

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/cmd/muster/secret"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

func serving(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return &Client{URL: s.URL + "/", Token: "a token"}
}

// Pages follows the cursors to the last page, or to the first error.
func TestPages(t *testing.T) {
	broken := false
	c := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer a token" {
			t.Errorf("the token is sent as %q", got)
		}
		switch cursor := r.URL.Query().Get("cursor"); {
		case r.URL.Path != "/list" || r.URL.Query().Get("page_size") != "200":
			t.Errorf("asked for %s", r.URL)
		case cursor == "":
			fmt.Fprint(w, `{"items":[1,2],"next_cursor":"a&b=c"}`)
		case cursor != "a&b=c":
			t.Errorf("the cursor is %q", cursor)
		case broken:
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"code":"read_model_behind","detail":"later"}`)
		default:
			fmt.Fprint(w, `{"items":[3],"next_cursor":null}`)
		}
	})
	read := func() (all []int, err error) {
		for page, err := range Pages[int](t.Context(), c, "/list") {
			if err != nil {
				return all, err
			}
			all = append(all, page...)
		}
		return all, nil
	}
	if all, err := read(); err != nil || !slices.Equal(all, []int{1, 2, 3}) {
		t.Errorf("%v, %v", all, err)
	}
	broken = true
	var p *Problem
	if all, err := read(); !errors.As(err, &p) || p.Code != "read_model_behind" || !slices.Equal(all, []int{1, 2}) {
		t.Errorf("%v, %v", all, err)
	}
}

// A refusal is an error that names its code, and the fields that are wrong.
func TestProblem(t *testing.T) {
	for body, want := range map[string]string{
		`{"type":"/docs/problems#last_owner","title":"x","status":409,"code":"last_owner","detail":"there must be an owner"}`:              "last_owner: there must be an owner",
		`{"code":"invalid","detail":"x","errors":[{"pointer":"/a","code":"c","detail":"one"},{"pointer":"/b","code":"d","detail":"two"}]}`: "invalid: /a: one; /b: two",
		`{"error":"not of Muster"}`: "the service answered 418 I'm a teapot",
		`<html>`:                    "the service answered 418 I'm a teapot",
		``:                          "the service answered 418 I'm a teapot",
	} {
		c := serving(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, body)
		})
		if err := c.Call(t.Context(), http.MethodGet, "/", nil, nil); err == nil || err.Error() != want {
			t.Errorf("%s is the error %q, not %q", body, err, want)
		}
	}
	if text := RefusalText(&Refusal{Code: "last_owner", Detail: "x"}); text != "last_owner: x" {
		t.Error(text)
	}
}

// The API's bodies are decoded with their ids and times.
func TestMembershipIsDecoded(t *testing.T) {
	const id, at = "019cc043-af91-783e-9927-3daab1cd9277", "2026-03-05T23:09:47.281Z"
	c := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"id":%q,"user_id":%q,"email":"ada@example.com","name":{"first":"Ada","last":"Byron"},"avatar_url":null,
			"role":{"key":"editor","level":30},"state":"active","permissions":["members.view"],"expires_at":null,"created_at":%q,"version":7}`, id, id, at)
	})
	var m Membership
	if err := c.Call(t.Context(), http.MethodGet, "/", nil, &m); err != nil {
		t.Fatal(err)
	}
	created := time.Time(m.CreatedAt).Format(time.RFC3339Nano)
	if m.ID.String() != id || m.User.String() != id || *m.Email != "ada@example.com" || m.Name.Last != "Byron" || m.AvatarURL != nil ||
		m.Role.Key != "editor" || len(*m.Permissions) != 1 || !time.Time(m.ExpiresAt).IsZero() || created != at || m.Version != 7 {
		t.Errorf("decoded as %+v", m)
	}
}

// Authorize uses the token that was given, or else the root token of the data directory.
func TestAuthorize(t *testing.T) {
	dir := t.TempDir()
	c := Client{Data: dir}
	if err := c.Authorize(); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "there is no root token in") {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, secret.RootFile), []byte("a-root-token-of-the-tests\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Authorize(); err != nil || c.Token != "a-root-token-of-the-tests" {
		t.Errorf("%q, %v", c.Token, err)
	}
	c = Client{Data: dir, Token: "mine"}
	if err := c.Authorize(); err != nil || c.Token != "mine" {
		t.Errorf("%q, %v", c.Token, err)
	}
}

// An empty variable does not become the root token. A token that is given wins.
func TestAuthorizeWithEmptyVariable(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, secret.RootFile), []byte("a-root-token-of-the-tests\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(tokenVariable, "")
	c := Client{Data: dir}
	if err := c.Authorize(); err == nil || c.Token != "" || !strings.HasPrefix(err.Error(), "MUSTER_TOKEN is empty: ") {
		t.Errorf("%q, %v", c.Token, err)
	}
	c.Token = "mine"
	if err := c.Authorize(); err != nil || c.Token != "mine" {
		t.Errorf("%q, %v", c.Token, err)
	}
}

// A token that cannot be one is refused without being shown.
func TestTokenWithALineBreak(t *testing.T) {
	for _, token := range []string{"secret\n", "secret\r", "secret\r\n", " secret", "secret\x00", "secrét", " "} {
		c := Client{Token: token}
		err := c.Authorize()
		if failed := (terminal.Failure{}); !errors.As(err, &failed) || failed.Status != terminal.StatusUsage || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", token, err)
		}
	}
	if err := (&Client{Token: "secret"}).Authorize(); err != nil {
		t.Error(err)
	}
}
