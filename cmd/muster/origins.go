package main

import (
	"slices"
	"strings"

	"github.com/muster-dev/muster/transport"
)

// origins is the flag for the origins of pages that may call the API from a browser. Each
// use of the flag adds to them.
type origins struct{ all *[]string }

func (o origins) String() string { return strings.Join(*o.all, ",") }
func (o origins) Type() string   { return "origin" }

func (o origins) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		if err := transport.CheckOrigin(one); err != nil {
			return err
		}
		if !slices.Contains(*o.all, one) {
			*o.all = append(*o.all, one)
		}
	}
	return nil
}
