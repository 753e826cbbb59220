// Package transport is Muster's face to the world: the REST API with its event
// stream, tokens and problems.
//
//	api, err := transport.New(transport.Options{Log: log, Models: models, RootToken: root})
//	http.ListenAndServe(address, api)
//
// # The way of a request
//
//  1. The mux finds the operation, and with it the [Face] that it belongs to: the
//     native API, or a dialect. What it demands of a token stands in its declaration,
//     where the face's OpenAPI document shows it too.
//  2. The only middleware ([API.serve]) gives the request an id, finds out who the
//     token stands for, and holds that against the declaration.
//  3. huma decodes path, query and headers into the operation's input; the body is
//     read strictly by [JSONBody].
//  4. The handler of a query asks the read models; the handler of a command has it
//     decided and written by the log, and answers with what the command left
//     behind, never by reading it back. Either way the answer is made by the same
//     function from the same type.
//  5. What is refused, wherever, becomes a [Problem] by one table ([sentinels]),
//     and the problem an answer in the face's form ([Face.ErrorForm]).
//
// # What a token sees
//
// The root token sees every organization, any other token its own: what it does
// not reach is 404, exactly as if it did not exist. A token that is bound to a
// workspace reaches that workspace and what is in it; every path below
// /v1/organizations concerns more than that and is 403 insufficient_scope,
// whatever it names. A token that is bound to a user reads what its scopes name,
// unless the user is suspended in the organization or not part of it any more, and
// writes what the user's own role allows besides. A JWT of an issuer that the service
// trusts ([auth.OIDC]) is like a token that is bound to a user, except that it can name an
// organization that does not exist.
//
// # Idempotency
//
// A command's id is made from who asks (a token, or the user whom an issuer's JWTs
// stand for) and the Idempotency-Key, and what was
// asked for is hashed into the command's events. So the first answer is found
// again wherever the events are: after a restart, on another node, for ever. Only
// a token's secret is not given twice, because nobody knows it any more.
//
// # Adding an operation
//
// Write the types of its input and its answer, a handler, and its declaration in
// the file of its noun. The tests then ask for a row in the table of tenancy, for an
// example of its body ([examples]), for its place in the story that the examples of
// answers are recorded from (example_test.go), and for a new docs/openapi.json (go
// generate).
//
// # Another face
//
// A dialect is a [Face], made by a package below transport/dialect. Its handlers
// see a [Call]: they ask the read models, and have commands done by [Call.Change].
// The same middleware holds them against the same declarations, so that a dialect
// is no way around a rule.
package transport

//go:generate go test -run TestAnswers -update .
//go:generate go test -run TestOpenAPIDocument -update .
