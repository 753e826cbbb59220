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
	// Warnings are only in the answer to /readyz.
	Warnings []string `json:"warnings,omitempty" nullable:"false" maxItems:"2" enum:"clock_jumped,log_ahead_of_clock" doc:"What an operator should see to, although the service is ready. Only /readyz has it."`
}

// health holds what the health checks need.
type health struct {
	version  string
	ready    func(context.Context) error
	warnings func() []string
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
			Description: "200 when the read models have caught up and the log can be written; otherwise 503 with the reason. The field warnings says what an operator should see to all the same: the clock has jumped (clock_jumped), or the log's last event is more than a minute ahead of it (log_ahead_of_clock).",
			Do:          transport.Query(h.readiness),
		},
	}
}

func (h health) alive(*transport.Call, *struct{}) (*StatusAnswer, error) {
	return &StatusAnswer{&ServiceStatus{Status: "ok", Version: h.version}}, nil
}

func (h health) readiness(c *transport.Call, in *struct{}) (*StatusAnswer, error) {
	if err := h.ready(c); err != nil {
		return nil, transport.NotReady(err)
	}
	answer, err := h.alive(c, in)
	if err == nil && h.warnings != nil {
		answer.Body.Warnings = h.warnings()
	}
	return answer, err
}
