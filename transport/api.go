package transport

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/ids"
	"github.com/muster-dev/muster/transport/openapi"
)

// Options configure the API.
type Options struct {
	Log    *events.Log
	Models *projections.ReadModels
	// Faces are the faces to serve, each under its own paths. A request that belongs to
	// none of them gets a problem in the native form.
	Faces []Face
	// RootToken is the text of the token that may do everything. If it is empty there is
	// no such token.
	RootToken string
	// OIDC says whose JWTs are accepted besides Muster's own tokens. The zero value
	// accepts none.
	OIDC auth.OIDC
	// Origins are the origins of pages that may call the API from a browser, as
	// [CheckOrigin] accepts them. By default none may.
	Origins []string
	// Version is the program's version, which the reference shows.
	Version string
	// RateLimit is how many requests a token may make a second. Zero means no limit.
	RateLimit int
	// Now is the clock by which tokens and memberships expire. The default is [time.Now].
	Now func() time.Time
	// NewID makes the ids of new things. The default is [ids.New].
	NewID func() [16]byte
	// Logger gets a line for each request at debug level, and one for each failure. The
	// default is [slog.Default].
	Logger *slog.Logger
	// Metrics is where the metrics of requests are registered. If it is nil they are not
	// registered.
	Metrics prometheus.Registerer
}

// API serves Muster over HTTP. It is an [http.Handler] for all faces.
type API struct {
	engine *engine
	faces  []*face
	served http.Handler
	drain  context.CancelFunc
}

// New makes the API. The log must have been started, and the read models must follow it.
// New fails if an operation does not declare everything that it must.
func New(o Options) (*API, error) {
	m, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = ids.New
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	serving, drain := context.WithCancel(context.Background())
	a := &API{drain: drain, engine: &engine{
		log: o.Log, models: o.Models, now: o.Now, newID: o.NewID, logger: o.Logger, metrics: m,
		auth:  auth.New(auth.Options{Log: o.Log, Models: o.Models, RootToken: o.RootToken, OIDC: o.OIDC, Now: o.Now, Logger: o.Logger}),
		rates: auth.NewRates(o.RateLimit), mux: http.NewServeMux(), serving: serving,
	}}
	for _, declared := range o.Faces {
		f, err := a.engine.newFace(declared)
		if err != nil {
			drain()
			return nil, err
		}
		a.faces = append(a.faces, f)
	}
	err = a.showDocuments(o.Version)
	if err == nil {
		a.served, err = allowOrigins(o.Origins, a.engine.mux)
	}
	if err != nil {
		drain()
		return nil, err
	}
	return a, nil
}

// ServeHTTP serves a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.served.ServeHTTP(w, r) }

// Discover fetches the keys of the issuers, so that the first JWT need not wait for them.
// See [auth.Authenticator.Discover].
func (a *API) Discover(ctx context.Context) { a.engine.auth.Discover(ctx) }

// Drain ends event streams and long polls, which would otherwise go on until their
// clients leave. Call it when the service stops, with [http.Server.RegisterOnShutdown].
func (a *API) Drain() { a.drain() }

// OpenAPI returns the document of the face with that name, or nil if there is no such
// face. The caller must not change it.
func (a *API) OpenAPI(face string) *openapi.Document {
	for _, f := range a.faces {
		if f.Name == face {
			return f.document
		}
	}
	return nil
}

// showDocuments serves the documents and the pages for people: the API reference and the
// list of problems. It also refuses requests for paths that no face owns.
func (a *API) showDocuments(version string) error {
	outside := &face{Face: Face{ErrorForm: ProblemForm, Owns: []string{"/"}}, engine: a.engine}
	if !slices.ContainsFunc(a.faces, func(f *face) bool { return slices.Contains(f.Owns, "/") }) {
		outside.refuseBelow()
	}
	var shown []openapi.Reference
	var links []openapi.Link
	for _, f := range a.faces {
		shown = append(shown, openapi.Reference{Name: f.Name, Title: f.Title, Document: f.document})
		for _, page := range f.Pages {
			if page.Title != "" {
				links = append(links, openapi.Link{Path: page.Path, Title: page.Title})
			}
		}
	}
	var problems []openapi.Kind
	for _, k := range Kinds() {
		problems = append(problems, openapi.Kind(k))
	}
	pages, err := openapi.Pages(openapi.Site{Version: version, References: shown, Links: links, Problems: problems, Modified: time.Now()})
	if err != nil {
		return err
	}
	for _, page := range pages {
		outside.showReference(page)
	}
	return nil
}
