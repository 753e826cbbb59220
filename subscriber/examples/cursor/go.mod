// A module of its own, so that the package for subscribers does not depend on SQLite.
module github.com/muster-dev/muster/subscriber/examples/cursor

go 1.25.0

require (
	github.com/mattn/go-sqlite3 v1.14.53
	github.com/muster-dev/muster/subscriber v0.0.0
)

require github.com/standard-webhooks/standard-webhooks/libraries v0.0.1

replace github.com/muster-dev/muster/subscriber => ../..
