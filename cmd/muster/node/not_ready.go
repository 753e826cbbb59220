package node

import (
	"encoding/json"
	"net/http"
)

// Waits makes /readyz, and whatever else is asked for until [Front.Open], say why the node
// does not start yet.
func (f *Front) Waits(reason error) {
	why := "the service cannot start yet, and tries again: " + reason.Error()
	f.reason.Store(&why)
}

// notReady responds to a request that comes before the node is ready.
func (f *Front) notReady(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		Code   string `json:"code"`
	}{"/docs/problems#not_ready", "Muster is not ready", http.StatusServiceUnavailable, *f.reason.Load(), "not_ready"})
}
