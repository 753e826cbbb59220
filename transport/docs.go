package transport

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"time"
)

// assets are the vendored files of the reference page; see docs/README.md.
//
//go:embed docs/styles.min.css docs/web-components.min.js docs/reference.html docs/problems.html
var assets embed.FS

// The pages load nothing from anywhere else. Elements sets styles on its own
// elements, and shows icons as data.
const referencePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// reference registers the pages for people: the API reference and the list of
// problems.
func (a *API) reference() error {
	started := time.Now()
	page := func(pattern, name, mediaType string, content []byte) {
		a.plain(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Content-Security-Policy", referencePolicy)
			w.Header().Set("Referrer-Policy", "no-referrer")
			http.ServeContent(w, r, name, started, bytes.NewReader(content))
		}))
	}
	problems, err := problemsPage()
	if err != nil {
		return err
	}
	references, err := a.referencePages()
	if err != nil {
		return err
	}
	for path, content := range references {
		page("GET "+path, "reference.html", "text/html; charset=utf-8", content)
	}
	page("GET /docs/problems", "problems.html", "text/html; charset=utf-8", problems)
	page("GET /docs/elements.css", "elements.css", "text/css; charset=utf-8", asset("styles.min.css"))
	page("GET /docs/elements.js", "elements.js", "text/javascript; charset=utf-8", asset("web-components.min.js"))

	page("GET /openapi.yaml", "openapi.yaml", "application/openapi+yaml", a.native.document.yaml)
	for _, f := range a.allFaces() {
		path := f.documentPath()
		page("GET "+path, path, "application/openapi+json", f.document.json)
	}
	return nil
}

// documentPath is where the face's OpenAPI document is, and referencePath where it
// is shown.
func (f *face) documentPath() string {
	if f.Name == "" {
		return "/openapi.json"
	}
	return "/openapi/" + f.Name + ".json"
}

func (f *face) referencePath() string {
	if f.Name == "" {
		return "/docs"
	}
	return "/docs/" + f.Name
}

// referencePages are the pages of the reference by their paths: one for each face,
// with links to the others.
func (a *API) referencePages() (map[string][]byte, error) {
	page, err := template.New("reference").Parse(string(asset("reference.html")))
	if err != nil {
		return nil, err
	}
	type link struct{ Title, Path, Document string }
	var all []link
	for _, f := range a.allFaces() {
		all = append(all, link{f.Title, f.referencePath(), f.documentPath()})
	}
	pages := make(map[string][]byte)
	for _, shown := range all {
		var b bytes.Buffer
		if err := page.Execute(&b, struct {
			Shown link
			All   []link
		}{shown, all}); err != nil {
			return nil, err
		}
		pages[shown.Path] = b.Bytes()
	}
	return pages, nil
}

// allFaces are those that are served, the native API first.
func (a *API) allFaces() []*face { return append([]*face{a.native}, a.faces...) }

func asset(name string) []byte {
	content, err := assets.ReadFile("docs/" + name)
	if err != nil {
		panic(err) // embedded: it is there or the program does not build
	}
	return content
}

// problemsPage lists every code, under the address that the problems' types name.
func problemsPage() ([]byte, error) {
	page, err := template.New("problems").Parse(string(asset("problems.html")))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, kinds())
	return b.Bytes(), err
}
