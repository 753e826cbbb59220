package transport

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/ids"
)

// Options are what the API is made from.
type Options struct {
	Log    *events.Log
	Models *projections.ReadModels
	// RootToken is the text of the token that may do everything; empty: there is
	// none.
	RootToken string
	// Ready answers why the service is not ready; nil asks the log.
	Ready func(context.Context) error
	// RateLimit is how many requests a token may make a second; 0: as many as it
	// likes.
	RateLimit int
	// OIDC says whose JWTs are taken besides; the zero value: nobody's.
	OIDC auth.OIDC
	// Now is the clock by which tokens expire; nil is [time.Now].
	Now func() time.Time
	// NewID makes the ids of new things; nil makes UUIDv7s.
	NewID func() [16]byte
	// Logger gets a line for each request at debug level, and one for each failure;
	// nil is [slog.Default].
	Logger *slog.Logger
	// Version is the program's, shown by /livez.
	Version string
	// Metrics is where the API's metrics are registered; nil: nowhere.
	Metrics prometheus.Registerer
	// Gatherer is what /metrics shows; nil: nothing.
	Gatherer prometheus.Gatherer
	// Faces are served beside the native API.
	Faces []Face
}

// API is the REST API: an [http.Handler].
type API struct {
	log    *events.Log
	models *projections.ReadModels

	authenticator *auth.Authenticator
	rates         *auth.Rates

	version  string
	ready    func(context.Context) error
	now      func() time.Time
	newID    func() [16]byte
	logger   *slog.Logger
	metrics  *metrics
	gatherer prometheus.Gatherer

	serving  context.Context // ends with Drain
	drain    context.CancelFunc
	slowness time.Duration // see defaultSlowness

	mux    *http.ServeMux
	native *face
	faces  []*face // the others
}

// New makes the API. It serves a log that has been started; the read models must
// be following it.
func New(o Options) (*API, error) {
	metrics, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, err
	}
	a := &API{
		log: o.Log, models: o.Models, rates: auth.NewRates(o.RateLimit),
		version: o.Version, ready: o.Ready, now: o.Now, newID: o.NewID, logger: o.Logger,
		metrics: metrics, gatherer: o.Gatherer, mux: http.NewServeMux(), slowness: defaultSlowness,
	}
	if a.ready == nil {
		a.ready = o.Log.Ready
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.newID == nil {
		a.newID = ids.New
	}
	if a.logger == nil {
		a.logger = slog.Default()
	}
	if a.gatherer == nil {
		a.gatherer = prometheus.NewRegistry()
	}
	a.authenticator = auth.New(auth.Options{Log: o.Log, Models: o.Models, RootToken: o.RootToken, OIDC: o.OIDC, Now: a.now, Logger: a.logger})
	a.serving, a.drain = context.WithCancel(context.Background())
	a.native = a.newFace(nativeFace())
	for _, register := range []func(){
		a.organizations, a.organizationMembers, a.users, a.roles, a.workspaces, a.members, a.memberStates, a.memberBatches, a.invitations, a.ownership,
		a.access, a.accessChecks, a.events, a.tokens, a.self, a.service,
	} {
		register()
	}
	if err := a.native.finish(); err != nil {
		return nil, err
	}
	for _, f := range o.Faces {
		if err := a.serveFace(f); err != nil {
			return nil, err
		}
	}
	if err := a.reference(); err != nil {
		return nil, err
	}
	return a, nil
}

// Discover fetches the keys of the issuers, so that the first JWT need not wait for
// them: see [auth.Authenticator.Discover].
func (a *API) Discover(ctx context.Context) { a.authenticator.Discover(ctx) }

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Drain ends event streams and long polls, which would otherwise go on for as long
// as their clients like. Call it when the service stops
// ([http.Server.RegisterOnShutdown]).
func (a *API) Drain() { a.drain() }

// transform gives every problem the form of the face, those that huma makes itself
// among them.
func transform(hc huma.Context, _ string, v any) (any, error) {
	c, ok := hc.(*call)
	if !ok {
		return v, nil
	}
	var p *Problem
	switch v := v.(type) {
	case *Problem:
		p = v
	case *huma.ErrorModel:
		p = problemOfHuma(v.Status, v.Detail, v.Errors)
	default:
		return v, nil
	}
	shown := c.show(p)
	c.SetHeader("Content-Type", shown.ContentType)
	c.status = shown.Status
	return shown.Body, nil
}

// plain registers a handler that is no operation of the OpenAPI document, with
// the same middleware as those that are.
func (a *API) plain(pattern string, h http.Handler) {
	method, path, _ := strings.Cut(pattern, " ")
	route := a.native.newRoute(huma.Operation{Method: method, Path: path})
	a.handle(pattern, route, func(c *call) { h.ServeHTTP(plainWriter{c}, c.r) })
}

// handle registers a handler under a pattern of the mux.
func (a *API) handle(pattern string, route *route, h func(*call)) {
	op := &huma.Operation{}
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		a.serve(route, humago.NewContext(op, r, w), func(hc huma.Context) { h(hc.(*call)) })
	})
}

// plainWriter is where plain handlers write to, so that the call knows the status.
type plainWriter struct{ *call }

func (w plainWriter) Header() http.Header { return w.w.Header() }

func (w plainWriter) WriteHeader(status int) { w.SetStatus(status) }

func (w plainWriter) Write(b []byte) (int, error) { return w.BodyWriter().Write(b) }
