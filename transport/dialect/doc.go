// Package dialect lists the faces that imitate other vendors' APIs. Each is a package
// below this one. It is thin: it has routes, types for the wire, a mapping and a form of
// errors. A rule that a dialect needs belongs in package domain.
//
// # Adding a dialect
//
// Make a package below this one with a function Face, add it to [All], and write
// docs/dialects/NAME.md. The tests of this package then ask for a row of tenancy for each
// of its operations, for docs/openapi/NAME.json (go generate), and for
// testdata/schema.json, which holds what the vendor documents of every answer. They also
// run the requests in the package's testdata.
package dialect

//go:generate go test -run TestOpenAPIDocuments -update .
