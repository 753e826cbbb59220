// Package client talks to a running service over its API, for the commands that do:
// token, ready, events, subscription, import, export, and the demo.
//
//	c := client.Client{URL: "http://127.0.0.1:8080", Token: token}
//	var self map[string]any
//	err := c.Call(ctx, http.MethodGet, "/v1/self", nil, &self)
//
// A refusal of the service is a [*Problem]. Bodies are decoded into the API's own
// types, all of which are named in one place, wire.go.
package client
