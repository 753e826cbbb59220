// Package transporttest runs a complete Muster with its API, for the tests of the faces.
// It has the embedded JetStream, SQLite in a temporary directory, and an HTTP server on
// loopback.
package transporttest
