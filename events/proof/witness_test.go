package proof_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"filippo.io/torchwood"
	formats "github.com/transparency-dev/formats/note"
	foreign "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
)

// witness is a witness by c2sp.org/tlog-witness. It checks consistency with the code of
// transparency-dev and signs with that of torchwood.
type witness struct {
	t      *testing.T
	signer *torchwood.CosignatureSigner
	server *httptest.Server

	mu   sync.Mutex
	seen map[string]tlog.Tree // by origin
	down bool
}

func newWitness(t *testing.T, name string) *witness {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{t: t, seen: make(map[string]tlog.Tree)}
	if w.signer, err = torchwood.NewCosignatureSigner(name, key); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sub/add-checkpoint", w.add)
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	return w
}

// flag is the witness as --witness takes it.
func (w *witness) flag() string { return w.signer.Verifier().String() + "+" + w.server.URL + "/sub/" }

func (w *witness) set(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

func (w *witness) add(out http.ResponseWriter, in *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		http.Error(out, "down", http.StatusInternalServerError)
		return
	}
	body, err := io.ReadAll(in.Body)
	head, signed, found := bytes.Cut(body, []byte("\n\n"))
	if err != nil || !found {
		http.Error(out, "malformed", http.StatusBadRequest)
		return
	}
	lines := strings.Split(string(head), "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if err != nil {
		http.Error(out, "malformed", http.StatusBadRequest)
		return
	}
	text, _, _ := strings.Cut(string(signed), "\n\n")
	c, err := torchwood.ParseCheckpoint(text + "\n")
	if err != nil || old > c.N {
		http.Error(out, fmt.Sprint(err), http.StatusBadRequest)
		return
	}
	last := w.seen[c.Origin]
	if old != last.N {
		out.Header().Set("Content-Type", "text/x.tlog.size")
		out.WriteHeader(http.StatusConflict)
		fmt.Fprintf(out, "%d\n", last.N)
		return
	}
	var hashes [][]byte
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			http.Error(out, "malformed", http.StatusBadRequest)
			return
		}
		hashes = append(hashes, h)
	}
	if last.N > 0 {
		if err := foreign.VerifyConsistency(rfc6962.DefaultHasher, uint64(last.N), uint64(c.N), hashes, last.Hash[:], c.Hash[:]); err != nil {
			http.Error(out, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	w.seen[c.Origin] = c.Tree
	cosigned, err := note.Sign(&note.Note{Text: text + "\n"}, w.signer)
	if err != nil {
		w.t.Error(err)
	}
	_, lineOf, _ := bytes.Cut(cosigned, []byte("\n\n"))
	_, _ = out.Write(lineOf)
}

// cosigned returns whether a checkpoint has the witness's signature, by the code of
// transparency-dev.
func (w *witness) cosigned(c proof.Checkpoint) error {
	v, err := formats.NewVerifierForCosignatureV1(w.signer.Verifier().String())
	if err != nil {
		return err
	}
	_, err = note.Open(c.Note, note.VerifierList(v))
	return err
}

func TestParseWitness(t *testing.T) {
	w := newWitness(t, "witness.example/w1")
	vkey := w.signer.Verifier().String()
	for _, text := range []string{vkey + "+https://w.example", vkey + " https://w.example/", " " + vkey + "  http://127.0.0.1:7 "} {
		if found, err := proof.ParseWitness(text); err != nil || found.Name() != "witness.example/w1" {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", vkey, "https://w.example", vkey[1:] + "+https://w.example", vkey + "+https://", vkey + "+https://w.example?x"} {
		if _, err := proof.ParseWitness(text); err == nil {
			t.Errorf("%q is a witness", text)
		}
	}
	policy := "# ours\nwitness one " + vkey + " https://w.example\n\ngroup all 1 one\nquorum all\n"
	all, err := proof.ParseWitnesses(policy)
	if err != nil || len(all) != 1 {
		t.Fatal(err)
	}
	if proof.CheckWitnesses(all) != nil || proof.CheckWitnesses(append(all, all...)) == nil {
		t.Error("the same witness can be named twice, or no witness once")
	}
	for _, text := range []string{"", "quorum none\n", strings.Replace(policy, " https://w.example", "", 1), strings.Replace(policy, "group", "grope", 1)} {
		if _, err := proof.ParseWitnesses(text); err == nil {
			t.Errorf("%q is a policy with witnesses", text)
		}
	}
}

// TestWitnesses has two witnesses sign, of which one is down for a while. What the one
// that is down has missed it signs when it is back.
func TestWitnesses(t *testing.T) {
	one, two := newWitness(t, "witness.example/one"), newWitness(t, "witness.example/two")
	var all []proof.Witness
	for _, w := range []*witness{one, two} {
		parsed, err := proof.ParseWitness(w.flag())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parsed)
	}
	l := newLog(t, t.TempDir(), proof.Options{Witnesses: all})
	l.write(t, 3)
	first := l.checkpoint(t, 3)
	if len(first.Witnesses) != 2 || one.cosigned(first.Checkpoint) != nil || two.cosigned(first.Checkpoint) != nil {
		t.Errorf("%v have signed:\n%s", first.Witnesses, first.Note)
	}
	two.set(true)
	l.write(t, 4)
	second := l.checkpoint(t, 7)
	if len(second.Witnesses) != 1 || one.cosigned(second.Checkpoint) != nil || two.cosigned(second.Checkpoint) == nil {
		t.Errorf("%v have signed:\n%s", second.Witnesses, second.Note)
	}
	if _, err := l.checkpoints.Verifier().Open(second.Note); err != nil {
		t.Error(err)
	}
	two.set(false)
	l.until(t, func() bool {
		third := l.checkpoints.Latest(context.Background(), 0)
		return third.N == 7 && len(third.Witnesses) == 2 && one.cosigned(third.Checkpoint) == nil && two.cosigned(third.Checkpoint) == nil
	})
	// After a restart nothing is known of what the witnesses have seen.
	l.stop(t)
	l = newLog(t, l.dir, proof.Options{Witnesses: all})
	l.write(t, 1)
	if last := l.checkpoint(t, 8); len(last.Witnesses) != 2 {
		t.Errorf("%v have signed", last.Witnesses)
	}
}
