package transport

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/transport/auth"
)

// source parses one of our packages, without its tests.
func source(t *testing.T, dir string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// literal returns the value of a text, which can be joined from several.
func literal(e ast.Expr) (string, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return strconv.Unquote(e.Value)
	case *ast.BinaryExpr:
		left, err := literal(e.X)
		if err != nil {
			return "", err
		}
		right, err := literal(e.Y)
		return left + right, err
	default:
		return "", fmt.Errorf("%T is no text", e)
	}
}

func TestEverySentinelHasARow(t *testing.T) {
	// Sentinels are compared by their texts, because the source only shows the texts.
	rows := make(map[string]bool)
	for _, row := range sentinels {
		rows[row.err.Error()] = true
	}
	found := 0
	for _, dir := range []string{
		"../domain", "../events", "../events/wire", "../events/store", "../events/feed", "../projections", "../projections/sqlite", "auth",
	} {
		for _, f := range source(t, dir) {
			ast.Inspect(f, func(n ast.Node) bool {
				spec, ok := n.(*ast.ValueSpec)
				if !ok || !strings.HasPrefix(spec.Names[0].Name, "Err") || len(spec.Values) == 0 {
					return true
				}
				made, ok := spec.Values[0].(*ast.CallExpr)
				if !ok || len(made.Args) != 1 {
					return true
				}
				text, err := literal(made.Args[0])
				if err != nil {
					t.Fatal(err)
				}
				found++
				if !rows[text] {
					t.Errorf("%s.%s has no row in sentinels", strings.TrimPrefix(dir, "../"), spec.Names[0].Name)
				}
				return true
			})
		}
	}
	if found < 30 {
		t.Errorf("found %d sentinels: the test does not see them any more", found)
	}
}

func TestEveryFieldCodeIsKnown(t *testing.T) {
	found := 0
	for _, f := range source(t, "../domain") {
		ast.Inspect(f, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if name, ok := literal.Type.(*ast.Ident); !ok || name.Name != "InvalidError" {
				return true
			}
			value := literal.Elts[1]
			if pair, ok := value.(*ast.KeyValueExpr); ok {
				value = pair.Value
			}
			code, err := strconv.Unquote(value.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found++
			if fieldCodes[code] == "" {
				t.Errorf("domain refuses fields with %s, which fieldCodes does not explain", code)
			}
			return true
		})
	}
	if found < 10 {
		t.Errorf("found %d codes: the test does not see them any more", found)
	}
}

func TestKindsAreDistinct(t *testing.T) {
	seen := make(map[string]Kind)
	for _, k := range Kinds() {
		if other, ok := seen[k.Code]; ok {
			t.Errorf("%v and %v have the same code", k, other)
		}
		seen[k.Code] = k
		if http.StatusText(k.Status) == "" || k.Title == "" {
			t.Errorf("%v is not complete", k)
		}
	}
}

func TestProblemOf(t *testing.T) {
	membership := domain.MustParseID[struct{}]("019cc043-af91-783e-9927-3daab1cd9277")
	secret := errors.New("disk /var/lib/secret")
	for _, c := range []struct {
		err    error
		status int
		code   string
		detail string // a part of it
	}{
		{fmt.Errorf("workspace x: %w", domain.ErrLastOwner), 409, "last_owner", "make somebody else an owner"},
		{&domain.AlreadyMemberError{Membership: domain.MembershipID(membership)}, 409, "already_member", "already a member"},
		{fmt.Errorf("organization x: %w", domain.ErrUnknownOrganization), 404, "not_found", "does not reach it"},
		{&domain.InvalidError{Pointer: "/role", Code: "unknown_role", Detail: "the roles are"}, 422, "unknown_role", "/role: the roles are"},
		{fmt.Errorf("%w: %w", store.ErrUnavailable, secret), 503, "unavailable", "nothing was done"},
		{fmt.Errorf("%w: %w", feed.ErrBehind, secret), 503, "read_model_behind", "try again"},
		{fmt.Errorf("%w: %w", events.ErrOutcomeUnknown, secret), 503, "outcome_unknown", "same Idempotency-Key"},
		{store.ErrTruncated, 500, "internal_error", "under the request id"},
		{auth.ErrMissingToken, 401, "missing_token", "send Authorization: Bearer TOKEN"},
		{auth.ErrOtherScheme, 401, "invalid_token", "Authorization: Bearer TOKEN is expected"},
		{auth.ErrInvalidToken, 401, "invalid_token", "token not recognised: it is unknown, expired or revoked"},
		{&auth.InvalidJWTError{Reason: "it has expired (exp)"}, 401, "invalid_token", "JWT not accepted: it has expired (exp)"},
		{fmt.Errorf("%w: %w", auth.ErrIssuerUnavailable, secret), 503, "issuer_unavailable", "its issuer's keys cannot be fetched; try again"},
		{&auth.RateLimitedError{Limit: 3, Wait: time.Second}, 429, "rate_limited", "the token may make 3 requests a second; Retry-After says when to continue"},
		{secret, 500, "internal_error", "under the request id"},
	} {
		p := ProblemOf(c.err)
		if p.Status != c.status || p.Code != c.code || !strings.Contains(p.Detail, c.detail) {
			t.Errorf("%v became %+v", c.err, p)
		}
		if strings.Contains(p.Detail, "secret") {
			t.Errorf("%v: the detail says what is inside: %s", c.err, p.Detail)
		}
	}
	if id := ProblemOf(&domain.AlreadyMemberError{Membership: domain.MembershipID(membership)}).MembershipID; id != membership.String() {
		t.Errorf("the membership that stands in the way is %q", id)
	}
}

func TestHeadersOfProblems(t *testing.T) {
	for _, c := range []struct {
		err         error
		name, value string
	}{
		{auth.ErrMissingToken, "WWW-Authenticate", "Bearer"},
		{auth.ErrOtherScheme, "WWW-Authenticate", "Bearer"},
		{auth.ErrInvalidToken, "WWW-Authenticate", `Bearer error="invalid_token"`},
		{&auth.InvalidJWTError{Reason: "its signature is wrong"}, "WWW-Authenticate", `Bearer error="invalid_token"`},
		{auth.ErrIssuerUnavailable, "Retry-After", "5"},
		{&auth.RateLimitedError{Limit: 3, Wait: 2 * time.Second}, "Retry-After", "2"},
		{store.ErrUnavailable, "Retry-After", "1"},
		{feed.ErrBehind, "Retry-After", "1"},
		{events.ErrOutcomeUnknown, "Retry-After", "1"},
	} {
		if got := ProblemOf(c.err).headers; len(got) != 1 || got.Get(c.name) != c.value {
			t.Errorf("%v comes with %v, want %s: %s", c.err, got, c.name, c.value)
		}
	}
}
