// Package openapi writes the OpenAPI documents of the API, one for each face, and the
// pages that show them. It gets everything as data, and knows neither the API's
// operations nor its errors:
//
//	doc := openapi.New(openapi.Options{Title: "Muster", Errors: errors, …})
//	api := humago.New(mux, huma.Config{OpenAPI: doc.Spec(), …})
//	huma.Register(api, op, handler)
//	doc.Complete(doc.Operation(op.Path, op.Method), inputType, answerType)
//	err := doc.Finish() // then doc.JSON and doc.YAML render it
//
// Huma derives the operations and schemas from Go types. This package adds what huma
// cannot express: the errors and headers that operations share, null in requests,
// examples and bounds.
//
// # Bounds
//
// The document must tell a client how long every text and every list can be, and how
// large every number. So each field of an input or answer struct declares its bounds, in
// one of three ways:
//
//	Key   string `json:"key" maxLength:"50" pattern:"^[a-z]+$"` // with huma's tags
//	Level level  `json:"level"`                                 // with the type's Schema method
//	Email string `json:"email" bounds:"email"`                  // with a row of the table in table.go
//
// The tag bounds names a row, so the form of an e-mail address, say, is defined in one
// place. The row adds what huma's tags leave out. Unlike those tags it only concerns the
// document: requests are not checked against it. [Document.Finish] fails if a field
// declares no bounds, and names the field and its type.
package openapi
