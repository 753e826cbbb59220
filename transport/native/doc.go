// Package native is Muster's own REST API. It is a [transport.Face] like the dialects.
// Its paths are below /v1, its errors are problems (RFC 9457), and its OpenAPI document
// is docs/openapi.json.
//
// There is a file for each noun, with the same name as in packages domain and
// projections. It contains the form of the noun on the wire, the table of the operations
// on it, and for each operation the struct of its input and its handler:
//
//   - The handler of a query asks the read models and shows what they return. It resolves
//     a workspace once ([transport.Call.FindWorkspace]).
//   - The handler of a command makes a command of package domain and runs it
//     ([transport.Call.Do]). It shows what the command left and never reads it back.
//
// Either way one function per noun makes the form on the wire, so a noun looks the same
// whether it was just written or is read later.
//
// # Adding an operation
//
// Write the struct of the operation's input, its handler, and its row in the table of the
// noun's operations. The tests then ask for a row in the table of tenancy, for an example
// of the body ([bodies]), for a place in the story from which the examples of answers are
// recorded, and for a new docs/openapi.json (go generate).
package native

//go:generate go test -run TestAnswers -update .
//go:generate go test -run TestOpenAPIDocument -update .
