package openapi

import (
	"bytes"
	"embed"
	"html/template"
	"time"
)

// assets are the templates of the pages, and the vendored files of the API reference. See
// docs/README.md.
//
//go:embed docs/styles.min.css docs/web-components.min.js docs/reference.html docs/problems.html
var assets embed.FS

// PagePolicy is the Content-Security-Policy of all pages. They load nothing from other
// hosts. The API reference (Stoplight Elements) sets styles on its own elements and shows
// icons from data URLs.
const PagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Page is a file of the reference. It is served under its path, for GET.
type Page struct {
	Path      string
	MediaType string
	Content   func() ([]byte, error) // may be called concurrently
	Modified  time.Time              // sent as Last-Modified
}

// Reference is a document that the pages show.
type Reference struct {
	Name     string // of the face; empty for the native API
	Title    string
	Document *Document // finished
}

// DocumentPath returns the path of the OpenAPI document.
func (r Reference) DocumentPath() string {
	if r.Name == "" {
		return "/openapi.json"
	}
	return "/openapi/" + r.Name + ".json"
}

// PagePath returns the path of the page that shows the document.
func (r Reference) PagePath() string {
	if r.Name == "" {
		return "/docs"
	}
	return "/docs/" + r.Name
}

// Kind is a row of the page of problems.
type Kind struct {
	Code   string
	Status int
	Title  string
}

// Pages returns everything that is served about the API: the documents, a page for
// each that links to the others, the list of problems, and the files that they need.
// A document without a name is also served as YAML.
func Pages(all []Reference, problems []Kind, modified time.Time) ([]Page, error) {
	list, err := render("problems.html", problems)
	if err != nil {
		return nil, err
	}
	const html = "text/html; charset=utf-8"
	pages := []Page{
		{"/docs/problems", html, ready(list), modified},
		{"/docs/elements.css", "text/css; charset=utf-8", ready(asset("styles.min.css")), modified},
		{"/docs/elements.js", "text/javascript; charset=utf-8", ready(asset("web-components.min.js")), modified},
	}
	for _, shown := range all {
		page, err := render("reference.html", struct {
			Shown Reference
			All   []Reference
		}{shown, all})
		if err != nil {
			return nil, err
		}
		pages = append(
			pages,
			Page{shown.PagePath(), html, ready(page), modified},
			Page{shown.DocumentPath(), "application/openapi+json", shown.Document.JSON, modified},
		)
		if shown.Name == "" {
			pages = append(pages, Page{"/openapi.yaml", "application/openapi+yaml", shown.Document.YAML, modified})
		}
	}
	return pages, nil
}

// ready returns the content of a page that needs no rendering.
func ready(content []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return content, nil }
}

// render executes an embedded template.
func render(name string, data any) ([]byte, error) {
	page, err := template.New(name).Parse(string(asset(name)))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, data)
	return b.Bytes(), err
}

func asset(name string) []byte {
	content, err := assets.ReadFile("docs/" + name)
	if err != nil {
		panic(err) // the program does not build without the file
	}
	return content
}
