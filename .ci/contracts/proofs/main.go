package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/transparency-dev/formats/log"
	formats "github.com/transparency-dev/formats/note"
	tlog "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "proofs EXPORT KEY")
		os.Exit(2)
	}
	checked, err := check(os.Args[1], os.Args[2])
	if err == nil && checked == 0 {
		err = errors.New("the export has no events")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d events are in the log\n", checked)
}

func check(export, key string) (checked int, err error) {
	text, err := os.ReadFile(key)
	if err != nil {
		return 0, err
	}
	verifier, err := formats.NewVerifier(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, err
	}
	events, err := os.ReadFile(filepath.Join(export, "events.jsonl"))
	if err != nil {
		return 0, err
	}
	for event := range bytes.Lines(events) {
		event = bytes.TrimSuffix(event, []byte("\n"))
		var named struct {
			Sequence string `json:"sequence"`
		}
		if err := json.Unmarshal(event, &named); err != nil {
			return checked, err
		}
		if err := included(export, named.Sequence, event, verifier); err != nil {
			return checked, fmt.Errorf("event %s: %w", named.Sequence, err)
		}
		changed := bytes.Clone(event)
		changed[len(changed)/2] ^= 1
		if included(export, named.Sequence, changed, verifier) == nil {
			return checked, fmt.Errorf("event %s: a changed one passes", named.Sequence)
		}
		checked++
	}
	return checked, nil
}

// included checks that an event is in the log at its position.
func included(export, position string, event []byte, verifier note.Verifier) error {
	_, digits, _ := strings.Cut(position, "-")
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return err
	}
	dir := fmt.Sprintf("%03d/%03d", number/1_000_000, number/1000%1000)
	text, err := os.ReadFile(filepath.Join(export, "proofs", dir, position+".tlog-proof"))
	if err != nil {
		return err
	}
	var p tlog.TLogProof
	if err := p.Unmarshal(text); err != nil {
		return err
	}
	checkpoint, _, _, err := log.ParseCheckpoint(p.Checkpoint, verifier.Name(), verifier)
	if err != nil {
		return err
	}
	if p.Index != number-1 {
		return fmt.Errorf("its index is %d", p.Index)
	}
	hashes := make([][]byte, len(p.Hashes))
	for i := range p.Hashes {
		hashes[i] = p.Hashes[i][:]
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(event)
	return proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, checkpoint.Size, leaf, hashes, checkpoint.Hash)
}
