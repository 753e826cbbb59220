// Command benchmarks compares Muster with what a team would write by hand instead: a
// service in Go that keeps memberships and an audit log in PostgreSQL. The script run
// beside it starts everything that it needs. The page ../benchmarks.md explains it.
//
//	benchmarks crud -listen ADDRESS -postgres DSN
//	benchmarks compare -muster URL -root TOKEN -crud URL -postgres DSN
//
// The first is that service. The second fills both with the same memberships, and asks
// them for the same work in turn.
package main
