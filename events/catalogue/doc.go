// Package catalogue says what events look like: the attributes of every event, and for each
// type what has happened, what its data contains, and an example. It is the one source of
//
//   - the JSON Schemas that dataschema names ([Documents]),
//   - the AsyncAPI document (package asyncapi of transport), and
//   - the reference in docs/events.md, which go generate writes.
//
// What the data contains is read from the types of package domain, because their JSON form is
// the format. The catalogue adds what a type cannot say: the texts, and which values there
// are. There is a file for each noun, with a row for each of its types:
//
//	{
//		What: "The token is no longer valid.",
//		Text: map[string]string{"token_id": "The token."},
//		Examples: []domain.Event{domain.TokenRevoked{About: acme, TokenID: billing}},
//	},
//
// The examples are encoded by package wire, so they are what Muster writes.
//
// # Adding a type
//
// Add its row to the file of its noun and run go generate. Without a row, a text for each
// field and an example the tests fail, and name what is missing.
//
// # Changing the data of a type
//
// A field that is added keeps the number of the schema: readers ignore fields that they do
// not know. Everything else makes another schema with the next number. The document of the
// former one must then be kept, because events that name it stay in the log for ever.
package catalogue

//go:generate go test -run TestReference -update .
