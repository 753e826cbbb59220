package transport

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

type kind string

// everyInput has a field of every type that is read.
type everyInput struct {
	ID      domain.UserID `path:"id" format:"uuid"`
	Text    string        `query:"text" maxLength:"9" pattern:"^.*$"`
	Kind    kind          `query:"kind" enum:"a,b"`
	Size    int           `query:"size" minimum:"1" maximum:"9" default:"3"`
	Flag    bool          `query:"flag" default:"true"`
	Several []string      `query:"several,explode" nullable:"false" maxItems:"9" maxLength:"9" pattern:"^[a-z,]*$"`
	Joined  []string      `query:"joined" nullable:"false" maxItems:"9" maxLength:"9" pattern:"^[a-z]*$"`
	Inner
}

// Inner is the embedded part of an input.
type Inner struct {
	Header string `header:"X-Some" maxLength:"9" pattern:"^.*$"`
}

// serveTest serves one public query of the input.
func serveTest[I, O any](t *testing.T, path string, do func(*Call, *I) (*O, error)) *httptest.Server {
	t.Helper()
	a, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{testFace(Operation{
		ID: "some", Path: path, Reach: ReachPublic, Do: Query(do),
	})}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return server
}

func TestInput(t *testing.T) {
	const id = "019cc043-af91-783e-9927-3daab1cd9277"
	var got everyInput
	server := serveTest(t, "/test/{id}", func(_ *Call, in *everyInput) (*struct{}, error) {
		got = *in
		return nil, nil
	})
	for _, c := range []struct {
		query, header string
		want          everyInput
	}{
		{"", "", everyInput{Size: 3, Flag: true}},
		{
			"?text=%C3%A4+b&kind=b&size=9&flag=false&several=a&several=b,c&joined=a,b", "some",
			everyInput{Text: "ä b", Kind: "b", Size: 9, Several: []string{"a", "b,c"}, Joined: []string{"a", "b"}, Inner: Inner{"some"}},
		},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/test/"+id+c.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.header != "" {
			r.Header.Set("X-Some", c.header)
		}
		got = everyInput{}
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusNoContent {
			t.Errorf("%s: %s, %v", c.query, response.Status, err)
		}
		c.want.ID = domain.UserID(domain.MustParseID[struct{}](id))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.query, diff)
		}
	}
}

// New fails if a parameter or a header has a type that is not read or written.
func TestUnreadableTypes(t *testing.T) {
	type numbers struct {
		P []int `query:"p" nullable:"false" maxItems:"9" minimum:"1" maximum:"9"`
	}
	if err := newWith[numbers](); err == nil || !strings.Contains(err.Error(), "parameter query.p: fields of type []int are not read") {
		t.Errorf("got %v", err)
	}
	type number struct {
		Age int `header:"Age" minimum:"1" maximum:"9"`
	}
	_, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{testFace(Operation{
		ID: "some", Path: "/test/some", Reach: ReachPublic,
		Do: Query(func(*Call, *struct{}) (*number, error) { return nil, nil }),
	})}})
	if err == nil || !strings.Contains(err.Error(), "the header in field Age is not a string") {
		t.Errorf("got %v", err)
	}
}

// text is an answer that is as long as it is asked to be.
type text string

// AppendJSON appends the text.
func (s *text) AppendJSON(b []byte) []byte { return append(append(append(b, '"'), *s...), '"') }

// Every answer says how long it is, however long it is, and is all there.
func TestContentLength(t *testing.T) {
	type input struct {
		Length int `query:"length" minimum:"0" maximum:"1000000"`
	}
	type output struct {
		Body *text `maxLength:"1000000" pattern:"^.*$"`
	}
	server := serveTest(t, "/test/text", func(_ *Call, in *input) (*output, error) {
		return &output{new(text(strings.Repeat("x", in.Length)))}, nil
	})
	for _, length := range []int{0, 100, buffered - 2, buffered - 1, buffered, 5000, maxBuffer + 1, 1_000_000} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/test/text?length="+strconv.Itoa(length), nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(response.Body)
			if err != nil || response.ContentLength != int64(length+2) || method == http.MethodGet && len(got) != length+2 {
				t.Errorf("%s of %d: Content-Length %d, %d bytes, %v", method, length, response.ContentLength, len(got), err)
			}
		}
	}
}
