package transport

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// StatusAnswer says that Muster is there.
type StatusAnswer struct{ Body *ServiceStatus }

// ServiceStatus is the answer to a health check that went well.
type ServiceStatus struct {
	Status  string `json:"status" enum:"ok"`
	Version string `json:"version" doc:"The program's."`
}

// service registers what is about the service itself, for those who run it. None
// of it takes a token.
func (a *API) service() {
	alive := func(*call, *struct{}) (*StatusAnswer, error) {
		return &StatusAnswer{&ServiceStatus{"ok", a.version}}, nil
	}
	tags := []string{"Service"}
	query(a, huma.Operation{
		OperationID: "get-livez", Path: "/livez", Tags: tags, Security: public, Summary: "Is the service alive?",
		Description: "200 as long as the process answers at all.",
	}, alive)
	query(a, huma.Operation{
		OperationID: "get-healthz", Path: "/healthz", Tags: tags, Security: public, Summary: "Is the service alive?",
		Description: "The older name of /livez.",
	}, alive)
	query(a, huma.Operation{
		OperationID: "get-readyz", Path: "/readyz", Tags: tags, Security: public, Summary: "Is the service ready?",
		Description: "200 when the read models have caught up and the log can be written; otherwise 503 with the reason.",
		Responses:   map[string]*huma.Response{"503": {Ref: "#/components/responses/" + responseName(http.StatusServiceUnavailable)}},
	}, a.getReadyz)

	a.plain("GET /metrics", promhttp.HandlerFor(a.gatherer, promhttp.HandlerOpts{}))
	a.native.refuseOthers("/metrics", []string{http.MethodGet})
}

func (a *API) getReadyz(c *call, _ *struct{}) (*StatusAnswer, error) {
	if err := a.ready(c); err != nil {
		p := notReady.problem(err.Error()).retryable() // operators ask: they get the reason
		p.cause = err
		return nil, p
	}
	return &StatusAnswer{&ServiceStatus{"ok", a.version}}, nil
}
