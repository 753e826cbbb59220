// Package transport is the engine behind every face of Muster over HTTP. A [Face] is one
// form of the API: the native one (package native), or the dialect of another vendor
// (package dialect). The engine serves them all and knows none of them.
//
//	face, err := native.Face(native.Options{Version: version, Ready: log.Ready})
//	api, err := transport.New(transport.Options{Log: log, Models: models, Faces: []transport.Face{face}, RootToken: root})
//	http.ListenAndServe(address, api)
//
// # The way of a request
//
//  1. The mux finds the operation. Its [Operation] declares what it requires: the [Reach],
//     the scope, the parameters. Nothing is inferred, and [New] refuses an operation that
//     leaves something out.
//  2. The engine (serve.go) gives the request an id and checks it against the declaration
//     (admit.go, query.go, parameter.go). What is empty, sent twice or cannot be read is
//     refused there. Package auth finds out who the token stands for. Path, query and
//     headers are set in the operation's input (input.go).
//  3. The body is read strictly by [JSONBody] (body.go).
//  4. The handler gets the [Call]. For a query it asks the read models ([Call.Models]). For
//     a command it makes a command of package domain and runs it ([Call.Do]). The answer is
//     made from what the command left, and nothing is read back.
//     A query first waits until the read models show what this node has acknowledged to the
//     callers of commands (admit.go). One that has waited for something else is authorized
//     again before its answer (hold.go).
//  5. One table turns every error into a [Problem] (sentinel.go). The problem gets the form
//     of the face ([Face.ErrorForm]).
//
// The files of the package are layers. Declarations are at the bottom ([Operation],
// [Face]); above them is the call, with what a handler does with it; at the top is what
// serves the faces (register.go, served.go, api.go).
//
// # What a token sees
//
// The root token sees every organization. Any other token sees its own. What a token does
// not reach is 404, exactly as if it did not exist. A token that is bound to a workspace
// reaches that workspace and what is in it, and gets 403 insufficient_scope for every
// operation on a whole organization ([ReachOrganization]). A token that is bound to a user
// reads what its scopes name, unless the user is suspended in the organization or no
// longer part of it. It writes what both its scopes and the user's role allow. A JWT of an
// issuer that the service trusts is like a token that is bound to a user, except that it
// can name an organization that does not exist.
//
// # Idempotency
//
// A command's id is derived from who asks (a token, or the user of an issuer's JWTs) and
// the Idempotency-Key. The command's events contain a hash of the request. So the first
// answer is found again wherever the events are: after a restart, on another node, for
// ever. Only a secret is not returned twice, because Muster does not keep it.
//
// # Another face
//
// Write a package that returns a [Face] and hand it to [New]. Huma makes the document from
// the types of inputs and answers and serves no requests. Running a command or a query
// needs no headers: [Write] says what a request may say of its command, and the
// [Call] does the rest. Every field of an input or an answer declares its bounds (package
// openapi), or New fails.
package transport
