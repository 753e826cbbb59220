package native

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/delivery"
)

// Options configure the native API.
type Options struct {
	// Version is the program's version, which /livez shows.
	Version string
	// Ready returns why the service is not ready, or nil if it is. /readyz calls it. It
	// must be given.
	Ready func(context.Context) error
	// Warnings returns what an operator should see to although the service is ready. /readyz
	// shows it. It may be nil.
	Warnings func() []string
	// Gatherer has the metrics that /metrics shows. If it is nil, /metrics is empty.
	Gatherer prometheus.Gatherer
	// Metrics is where the metrics of event streams are registered. If it is nil they are
	// not registered.
	Metrics prometheus.Registerer
	// Logger gets a line for each event stream that ends, at debug level. The default is
	// [slog.Default].
	Logger *slog.Logger
	// Deliverer delivers the events of subscriptions. It must be given to serve requests about
	// them.
	Deliverer *delivery.Deliverer
	// Slowness is how long a write to the reader of an event stream may take. The default
	// is ten seconds.
	Slowness time.Duration
}

// Face returns the native API. It owns all paths that no other face owns.
func Face(o Options) (transport.Face, error) {
	if o.Ready == nil {
		return transport.Face{}, errors.New("the native API: Options.Ready is missing")
	}
	s, err := newStreams(o)
	if err != nil {
		return transport.Face{}, err
	}
	if o.Gatherer == nil {
		o.Gatherer = prometheus.NewRegistry()
	}
	return transport.Face{
		Owns:  []string{"/"},
		Title: "Muster",
		Description: "Who may do what in which workspace, since when, and by whose hand.\n\n" +
			"Every write takes Idempotency-Key, If-Match, Muster-Reason and ?validate_only=true, and returns Muster-Position. " +
			"A read that sends this position as Muster-Min-Position sees the write on every node. " +
			"Anything that the token's organization does not own is 404, exactly as if it did not exist. " +
			"A token that is bound to a workspace gets 403 for everything that concerns the whole organization.",
		Tags: []*huma.Tag{
			{Name: "Organizations", Description: "The tenants."},
			{Name: "Organization members", Description: "Roles in the organization as a whole."},
			{Name: "Users", Description: "The organization's directory."},
			{Name: "Roles", Description: "What memberships give."},
			{Name: "Workspaces", Description: "What people are members of."},
			{Name: "Members", Description: "The ties of users to workspaces."},
			{Name: "Access", Description: "What somebody may do, and why."},
			{Name: "Events", Description: "What happened."},
			{Name: "Proofs", Description: "That the log is complete and unchanged, for those who trust nobody."},
			{Name: "Subscriptions", Description: "Events that are delivered: by webhooks, or to be fetched from NATS."},
			{Name: "Reviews", Description: "Whether people still need their access."},
			{Name: "Reports", Description: "What auditors ask for, with a proof."},
			{Name: "Tokens", Description: "Credentials."},
			{Name: "Service", Description: "For those who run Muster."},
		},
		Scheme: &huma.SecurityScheme{
			Type: "http", Scheme: "bearer",
			Description: "A token, or a JWT access token (RFC 9068) of an issuer that the service trusts, which represents a user. Each operation names the scope that the token must have; any means every token, root means the root token. " +
				"A scope is resource:action, with all on either side meaning everything.",
		},
		MergePatches: true, ErrorForm: transport.ProblemForm, CodesOf: []string{"Problem", "Refusal", "FieldProblem"}, Examples: examples(),
		Operations: slices.Concat(
			organizationOperations(), organizationMemberOperations(), userOperations(), roleOperations(), workspaceOperations(),
			memberOperations(), memberStateOperations(), memberBatchOperations(), invitationOperations(), ownershipOperations(),
			accessOperations(), accessCheckOperations(), eventOperations(s), ticketOperations(), checkpointOperations(), (&subscriptions{o.Deliverer, s.logger}).operations(), reviewOperations(), reportOperations(), diffOperations(), tokenOperations(), selfOperations(),
			health{o.Version, o.Ready, o.Warnings}.operations(),
		),
		Pages: append(schemaPages(), transport.Page{Path: "/metrics", Handler: promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{})}),
	}, nil
}
