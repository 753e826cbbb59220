package dialect

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-dev/muster/transport/transporttest"
)

// No operation of a dialect takes an empty parameter, or one that is sent twice, for one
// that was left out. The error has the dialect's form and names the parameter.
func TestEmptyOrTwice(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	for _, op := range operations(t) {
		token, path, body := s.widest(op, x), fill(op.path, absent()), fill(tenancy[op.named()].body, absent())
		try := func(what string, status int, name, query string, more http.Header) {
			t.Helper()
			header := http.Header{"Authorization": {"Bearer " + token}}
			maps.Copy(header, more)
			request, err := http.NewRequestWithContext(t.Context(), op.method, s.URL+path+query, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header = header
			got := s.do(request)
			got.asked = fmt.Sprintf("%s %s with %s", op.named(), query, what)
			if got.refused(op.face, status); !strings.Contains(string(got.body), name) {
				t.Errorf("%s: %s is not named in %s", got.asked, name, got.body)
			}
		}
		for _, v := range transporttest.Variants(t, document(t, op.face.Name))[op.ID] {
			try(fmt.Sprint(v.Header), s.invalid(op.face), v.Name, v.Query, v.Header)
		}
		if op.method == http.MethodGet {
			try("a user", s.invalid(op.face), "header.Muster-On-Behalf-Of", "", http.Header{"Muster-On-Behalf-Of": {x.member}})
		}
		if op.RequestBody != nil {
			try("a compressed body", 415, "Content-Encoding", "", http.Header{"Content-Encoding": {"gzip"}})
			body = "null"
			try("null", s.invalid(op.face), "", "", nil)
		}
	}
}
