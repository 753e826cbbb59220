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

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) > 0 {
		switch arguments[0] {
		case "crud":
			return serveCRUD(ctx, arguments[1:])
		case "compare":
			return compare(ctx, arguments[1:])
		}
	}
	return errors.New("the command crud or compare is expected")
}
