// Package natstest runs NATS servers as an operator runs them, for tests: one by itself, or three
// as a cluster. A server listens on loopback, and ends with its test. The package also finds
// addresses for servers that are told where to listen.
package natstest
