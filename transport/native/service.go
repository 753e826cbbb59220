package native

import (
	"context"
	"net/http"

	"github.com/muster-dev/muster/transport"
)

// StatusAnswer is the answer to a health check that succeeded.
type StatusAnswer struct{ Body *ServiceStatus }

// ServiceStatus is the body of a [StatusAnswer].
type ServiceStatus struct {
	Status  string `json:"status" enum:"ok"`
	Version string `json:"version" bounds:"release" doc:"The program's."`
}

// health holds what the health checks need.
type health struct {
	version string
	ready   func(context.Context) error
}

// operations returns the operations on the service itself, for its operators. None takes
// a token.
func (h health) operations() []transport.Operation {
	const tag = "Service"
	return []transport.Operation{
		{
			ID: "get-livez", Path: "/livez",
			Reach: transport.ReachPublic, Tag: tag,
			Summary:     "Is the service alive?",
			Description: "200 as long as the process responds.",
			Do:          transport.Query(h.alive),
		},
		{
			ID: "get-healthz", Path: "/healthz",
			Reach: transport.ReachPublic, Tag: tag,
			Summary:     "Is the service alive?",
			Description: "The older name of /livez.",
			Do:          transport.Query(h.alive),
		},
		{
			ID: "get-readyz", Path: "/readyz",
			Reach: transport.ReachPublic, Tag: tag, Errors: []int{http.StatusServiceUnavailable},
			Summary:     "Is the service ready?",
			Description: "200 when the read models have caught up and the log can be written; otherwise 503 with the reason.",
			Do:          transport.Query(h.readiness),
		},
	}
}

func (h health) alive(*transport.Call, *struct{}) (*StatusAnswer, error) {
	return &StatusAnswer{&ServiceStatus{"ok", h.version}}, nil
}

func (h health) readiness(c *transport.Call, in *struct{}) (*StatusAnswer, error) {
	if err := h.ready(c); err != nil {
		return nil, transport.NotReady(err)
	}
	return h.alive(c, in)
}
