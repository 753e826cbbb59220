package main

import (
	"fmt"
	"strings"

	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/dialect"
)

// noDialects turns all dialects off. An empty variable of the environment would count
// as unset.
const noDialects = "none"

// dialects is the flag for the dialects to serve.
type dialects struct{ faces *[]transport.Face }

func (d dialects) String() string {
	names := namesOf(*d.faces)
	if len(names) == 0 {
		return noDialects
	}
	return strings.Join(names, ",")
}

func (d dialects) Type() string { return "names" }

func (d dialects) Set(text string) error {
	wanted := make(map[string]bool)
	if text = strings.TrimSpace(text); text != noDialects {
		for name := range strings.SplitSeq(text, ",") {
			wanted[strings.TrimSpace(name)] = true
		}
	}
	var chosen []transport.Face
	for _, f := range dialect.All() {
		if wanted[f.Name] {
			chosen = append(chosen, f)
			delete(wanted, f.Name)
		}
	}
	if len(wanted) > 0 {
		return fmt.Errorf("some of %s are expected, separated by commas, or %s", strings.Join(namesOf(dialect.All()), ", "), noDialects)
	}
	*d.faces = chosen
	return nil
}

func namesOf(faces []transport.Face) (names []string) {
	for _, f := range faces {
		names = append(names, f.Name)
	}
	return names
}
