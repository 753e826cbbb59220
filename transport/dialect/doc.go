// Package dialect lists the faces that speak like other vendors' APIs. Each is a
// package below this one, and thin: routes, types of the wire, the mapping, the
// form of errors. A rule that one needs belongs in domain.
//
// # Adding a dialect
//
// Make a package below this one with a function Face, add it to [All], and write
// docs/dialects/NAME.md. The tests of this package then ask for a row of tenancy
// for each of its operations, for docs/openapi/NAME.json (go generate), and for
// testdata/schema.json with what the vendor documents of every answer; and they run
// the requests in its testdata.
package dialect

//go:generate go test -run TestOpenAPIDocuments -update .
