// Package client talks to a running service over its API, for the commands that do:
// token, ready, events, subscription, webhook, import, export, and the demo.
//
//	c := client.Client{URL: "http://127.0.0.1:8080", Token: token}
//	var self map[string]any
//	err := c.Call(ctx, http.MethodGet, "/v1/self", nil, &self)
//
// A refusal of the service is a [*Problem]. The API's own types that several commands decode
// bodies into are named in one place, wire.go. A command that needs a few members of a body,
// or passes on what it does not know, has a type of its own for them.
package client
