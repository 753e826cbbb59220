package proof

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"filippo.io/torchwood"
)

// Witness signs checkpoints of others (c2sp.org/tlog-witness), after it has checked that each
// continues the one that it saw before. It makes sure that everybody is shown the same log.
type Witness struct {
	verifier *torchwood.CosignatureVerifier
	url      string
}

// Name returns the name of the witness's key.
func (w Witness) Name() string { return w.verifier.Name() }

// ParseWitness reads a witness: its verifying key (c2sp.org/tlog-cosignature), a space or a
// plus sign, and the URL that its API is below.
func ParseWitness(text string) (Witness, error) {
	text = strings.TrimSpace(text)
	at := max(strings.LastIndex(text, "https://"), strings.LastIndex(text, "http://"))
	if at < 1 {
		return Witness{}, fmt.Errorf("%.200q is not a witness: its verifying key and its URL are expected, like witness.example/w1+c6f3c7e5+BA…+https://witness.example", text)
	}
	return newWitness(strings.TrimSpace(strings.TrimSuffix(text[:at], "+")), text[at:])
}

func newWitness(vkey, address string) (Witness, error) {
	verifier, err := torchwood.NewCosignatureVerifier(vkey)
	if err != nil {
		return Witness{}, fmt.Errorf("%.200q is not the verifying key of a witness: %w", vkey, err)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return Witness{}, fmt.Errorf("%.200q is not the URL of a witness: one like https://witness.example is expected", address)
	}
	return Witness{verifier, strings.TrimSuffix(address, "/")}, nil
}

// ParseWitnesses reads the witnesses of a policy in the format of torchwood and Tessera: the
// lines "witness NAME VERIFYING-KEY URL". The other lines of a policy say how many signatures
// somebody demands who checks a checkpoint. They must be right, but say nothing here.
func ParseWitnesses(policy string) ([]Witness, error) {
	if _, err := torchwood.ParsePolicy([]byte(policy)); err != nil {
		return nil, fmt.Errorf("reading a witness policy: %w", err)
	}
	var all []Witness
	for line := range strings.Lines(policy) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "witness" {
			continue
		}
		if len(fields) != 4 {
			return nil, fmt.Errorf("reading a witness policy: witness %.80q has no URL", fields[1])
		}
		w, err := newWitness(fields[2], fields[3])
		if err != nil {
			return nil, fmt.Errorf("reading a witness policy: witness %.80q: %w", fields[1], err)
		}
		all = append(all, w)
	}
	if len(all) == 0 {
		return nil, errors.New("reading a witness policy: it names no witness")
	}
	return all, nil
}

// CheckWitnesses refuses witnesses of which two have the same key.
func CheckWitnesses(all []Witness) error {
	for i, w := range all {
		if slices.ContainsFunc(all[:i], func(other Witness) bool { return w.verifier.String() == other.verifier.String() }) {
			return fmt.Errorf("the witness %s is named twice", w.Name())
		}
	}
	return nil
}
