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
			got, text := s.Send(t, op.method, path+query, body, header)
			answer{t, fmt.Sprintf("%s %s with %s", op.named(), query, what), got, http.Header{"X-Request-Id": {"-"}, "Content-Type": {s.typeOfErrors(op, header)}}, []byte(text)}.refused(op.face, status)
			if !strings.Contains(text, name) {
				t.Errorf("%s %s with %s: %s is not named in %s", op.named(), query, what, name, text)
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

// typeOfErrors returns the media type of the dialect's errors.
func (s *service) typeOfErrors(op operation, header http.Header) string {
	s.t.Helper()
	return s.as("", op.method, fill(op.path, absent()), "").header.Get("Content-Type")
}
