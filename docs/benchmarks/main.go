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
		case "follow":
			return follow(ctx, arguments[1:])
		}
	}
	return errors.New("the command crud, compare or follow is expected")
}
