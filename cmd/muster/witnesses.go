package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/muster-dev/muster/events/proof"
)

// witnesses is the flag for those who are asked to sign the log's checkpoints. Each use of the
// flag adds to them.
type witnesses struct{ all *[]proof.Witness }

func (w witnesses) String() string {
	names := make([]string, len(*w.all))
	for i, one := range *w.all {
		names[i] = one.Name()
	}
	return strings.Join(names, ",")
}

func (w witnesses) Type() string { return "witness" }

func (w witnesses) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		found, err := readWitnesses(strings.TrimSpace(one))
		if err != nil {
			return err
		}
		if err := proof.CheckWitnesses(slices.Concat(*w.all, found)); err != nil {
			return err
		}
		*w.all = append(*w.all, found...)
	}
	return nil
}

// readWitnesses reads one witness, or the file of a policy.
func readWitnesses(text string) ([]proof.Witness, error) {
	if strings.Contains(text, "://") {
		one, err := proof.ParseWitness(text)
		return []proof.Witness{one}, err
	}
	if text == "" {
		return nil, fmt.Errorf("a witness is missing: give a key with a URL, like witness.example/w1+c6f3c7e5+BA…+https://witness.example, or the file of a policy")
	}
	policy, err := os.ReadFile(text)
	if err != nil {
		return nil, fmt.Errorf("it is neither a key with a URL, nor a policy that can be read: %w", err)
	}
	found, err := proof.ParseWitnesses(string(policy))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	return found, nil
}
