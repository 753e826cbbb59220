package transport

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/transport/openapi"
)

// Face is one form of the API. It has its own paths, its own OpenAPI document and its own
// form of errors, and shares the commands and queries with all other faces. The native
// API is a face (package native), and so is every dialect. [New] takes the faces to
// serve.
//
// Everything else is the same for every face: tokens and scopes, positions, idempotency
// keys, reasons, request ids, rates, metrics.
type Face struct {
	// Name is the name under which an operator enables the face. Its document is served
	// as /openapi/NAME.json. The name of the native API is empty, and its document is
	// served as /openapi.json.
	Name string
	// Owns are the paths that belong to the face, each with everything below it. A
	// request that finds nothing there gets an error in the face's form.
	Owns []string
	// Title, Description, Tags and Scheme are shown in the document. Scheme says how a
	// request carries its token.
	Title       string
	Description string
	Tags        []*huma.Tag
	Scheme      *huma.SecurityScheme
	// Authorization turns the value of an Authorization header into "Bearer TOKEN". It is
	// nil if the face uses that form itself.
	Authorization func(value string) string
	// Lenient says that bodies may have fields that the operation does not know. Such
	// fields are ignored.
	Lenient bool
	// MergePatches says that every PATCH also takes application/merge-patch+json (RFC
	// 7396).
	MergePatches bool
	// MediaTypes are the media types, besides application/json, of bodies that are read
	// as JSON. application/*+json means every type with the suffix +json.
	MediaTypes []string
	// ErrorForm gives a problem the form of the face. It is called for every problem,
	// wherever it arises. Only the problem's Status is always set.
	ErrorForm func(*Problem) ErrorAnswer
	// Operations are the operations of the face.
	Operations []Operation
	// Pages are what the face serves besides its operations.
	Pages []Page
	// CodesOf names the schemas whose property code holds the code of a problem. The
	// document then lists the codes. If it is empty the document does not.
	CodesOf []string
	// Examples are the examples in the document, by the ids of the operations.
	Examples map[string]Example
}

// Example is an example of an operation in the document of a face.
type Example = openapi.Example

// Page is something to GET that is not an operation of the OpenAPI document and takes no
// token. It has either a Handler or a Content.
type Page struct {
	// Path can have wildcards, as patterns of [http.ServeMux] have.
	Path    string
	Handler http.Handler
	// Content returns what the request gets. If it fails, the request is refused as an
	// operation refuses it: for example with [NotFound]. It may be called concurrently.
	Content func(*http.Request) (Content, error)
	// Title is the text of a link to the page, in the head of the API reference. If it is
	// empty there is no link.
	Title string
}

// Content is a file of a [Page].
type Content struct {
	MediaType string
	Text      []byte
}

// authorization returns the value of an Authorization header in the native form.
func (f *Face) authorization(value string) string {
	if f.Authorization == nil {
		return value
	}
	return f.Authorization(value)
}
