package transport

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
)

// engine is what all requests share.
type engine struct {
	log     *events.Log
	models  *projections.ReadModels
	auth    *auth.Authenticator
	rates   *auth.Rates
	now     func() time.Time
	newID   func() [16]byte
	logger  *slog.Logger
	metrics *metrics
	mux     *http.ServeMux
	serving context.Context    // ends with [API.Drain]
	asked   singleflight.Group // requests for the end of a partition; see [engine.tip]
}
