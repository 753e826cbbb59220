// Command benchmarks compares Muster with what a team would write by hand instead: a
// service in Go that keeps memberships and an audit log in PostgreSQL. The script run
// beside it starts everything that it needs. The page ../benchmarks.md explains it.
//
//	benchmarks crud -listen ADDRESS -postgres DSN
//	benchmarks compare -muster URL -root TOKEN -crud URL -postgres DSN
//	benchmarks follow -muster URL -root TOKEN -pid PID
//
// The first is that service. The second fills both with the same memberships, and asks
// them for the same work in turn. The third needs Muster only, and the script follow beside
// it starts that: it follows organizations with many streams while one of them writes.
package main
