package transporttest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// Send sends a request with exactly these headers, and returns the status and the body of
// the answer.
func (s *Service) Send(t testing.TB, method, path, body string, header http.Header) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it is read to its end
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

// Variant is a request that sends a parameter of the query or a header empty, or twice.
type Variant struct {
	Name   string // of the parameter, such as query.page_size
	Query  string // to append to the path
	Header http.Header
}

// Variants returns, by the ids of the operations in an OpenAPI document, all requests that
// must be refused because a parameter is empty or sent twice. The headers hold nothing else.
func Variants(t testing.TB, document []byte) map[string][]Variant {
	t.Helper()
	type parameter struct {
		Ref     string `json:"$ref"`
		Name    string `json:"name"`
		In      string `json:"in"`
		Explode bool   `json:"explode"`
	}
	var d struct {
		Paths map[string]map[string]struct {
			ID         string      `json:"operationId"`
			Parameters []parameter `json:"parameters"`
		} `json:"paths"`
		Components struct {
			Parameters map[string]parameter `json:"parameters"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]Variant)
	for _, item := range d.Paths {
		for _, op := range item {
			for _, p := range op.Parameters {
				if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
					p = d.Components.Parameters[name]
				}
				name, escaped := p.In+"."+p.Name, url.QueryEscape(p.Name)
				switch p.In {
				case "query":
					all[op.ID] = append(all[op.ID], Variant{name, "?" + escaped + "=", nil}, Variant{name, "?" + escaped, nil},
						Variant{name, "?" + escaped + "=&" + escaped + "=x", nil}, Variant{name, "?" + escaped + "=%zz", nil}, Variant{name, "?" + escaped + "=%ff", nil},
						Variant{name, "?" + escaped + "=x;", nil})
					if !p.Explode {
						all[op.ID] = append(all[op.ID], Variant{name, "?" + escaped + "=x&" + escaped + "=x", nil})
					}
				case "header":
					key := http.CanonicalHeaderKey(p.Name)
					all[op.ID] = append(all[op.ID], Variant{name, "", http.Header{key: {""}}}, Variant{name, "", http.Header{key: {"*", "*"}}})
				}
			}
		}
	}
	return all
}
