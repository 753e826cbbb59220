package openapi

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"time"
)

// assets are the templates of the pages, and the vendored files of the API reference. See
// docs/README.md.
//
//go:embed docs/styles.min.css docs/web-components.min.js docs/reference.html docs/problems.html docs/pages.css docs/favicon.svg
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

// Link leads from the reference to another document of the service.
type Link struct{ Path, Title string }

// GuidesURL is where the guides for people are. They are not part of the program.
const GuidesURL = "https://github.com/muster-dev/muster/tree/main/docs"

// Site is what is served about the API.
type Site struct {
	Version    string // of the program
	References []Reference
	Links      []Link
	Problems   []Kind
	Modified   time.Time
}

// Guides returns where the guides are.
func (Site) Guides() string { return GuidesURL }

// Pages returns everything that is served about the API: the documents, a page for
// each that links to the others, the list of problems, and the files that they need.
// A document without a name is also served as YAML.
func Pages(s Site) ([]Page, error) {
	list, err := render("problems.html", s)
	if err != nil {
		return nil, err
	}
	script, err := withoutEmptyHeaders(asset("web-components.min.js"))
	if err != nil {
		return nil, err
	}
	modified := s.Modified
	const html = "text/html; charset=utf-8"
	pages := []Page{
		{"/docs/problems", html, ready(list), modified},
		{"/docs/elements.css", "text/css; charset=utf-8", ready(asset("styles.min.css")), modified},
		{"/docs/elements.js", "text/javascript; charset=utf-8", ready(script), modified},
		{"/docs/pages.css", "text/css; charset=utf-8", ready(asset("pages.css")), modified},
		{"/docs/favicon.svg", "image/svg+xml", ready(asset("favicon.svg")), modified},
	}
	for _, shown := range s.References {
		page, err := render("reference.html", struct {
			Site
			Shown Reference
		}{s, shown})
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

// withoutEmptyHeaders returns the script of the reference, changed in one place: in its
// samples of requests it leaves out the headers that the reader has given no value. As
// published it shows them with an empty value, which the API refuses.
func withoutEmptyHeaders(script []byte) ([]byte, error) {
	const published, changed = `&&void 0!==f?f:[];(null==a?void 0:a.header)&&y.push(`, `&&void 0!==f?f.filter(e=>""!==e.value):[];(null==a?void 0:a.header)&&y.push(`
	if n := bytes.Count(script, []byte(published)); n != 1 {
		return nil, fmt.Errorf("the script of the reference has the place that shows empty headers %d times, not once", n)
	}
	return bytes.Replace(script, []byte(published), []byte(changed), 1), nil
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
