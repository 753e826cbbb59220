package native

import (
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/transport"
)

// EventProof is the proof that the log has an event.
type EventProof struct {
	Event      []byte   `json:"event" bounds:"stored" doc:"The event's bytes as they are stored, in base64: the leaf of the Merkle tree."`
	Position   string   `json:"position" bounds:"position" doc:"The event's position." example:"3-5"`
	Index      uint64   `json:"index" bounds:"count" doc:"The index of the leaf in the tree: one less than the number of the position." example:"4"`
	Checkpoint string   `json:"checkpoint" bounds:"note" doc:"The signed checkpoint that the proof leads to (c2sp.org/tlog-checkpoint)."`
	Proof      []string `json:"proof" bounds:"hashes" nullable:"false" doc:"The hashes that lead from the leaf to the root, SHA-256 in base64, the lowest first."`
	TLogProof  string   `json:"tlog_proof" bounds:"proof" doc:"All of it but the event as one text (c2sp.org/tlog-proof), which is what Accept: text/plain gets."`
}

// proofOperation returns the operation that proves an event.
func proofOperation() transport.Operation {
	return transport.Operation{
		ID: "get-event-proof", Path: "/v1/organizations/{organization}/events/{event}/proof",
		Reach: transport.ReachOrganization, Scope: "events:read", Tag: "Proofs",
		Summary:     "Prove that the log has an event",
		Description: "The event's stored bytes, and the proof that they are in the log that the checkpoints sign, at the event's position. Nothing of another organization is in it but hashes. With Accept: text/plain it is a C2SP .tlog-proof file. For an event that is newer than the last checkpoint, another one is signed first.",
		Document:    documentProof,
		Do:          transport.Query(getEventProof),
	}
}

func documentProof(op *huma.Operation, r huma.Registry) {
	content := plainText("proof", exampleProof)
	content["application/json"] = &huma.MediaType{
		Schema: r.Schema(reflect.TypeFor[EventProof](), true, ""),
		Example: EventProof{
			Event: []byte(exampleStored), Position: "3-5", Index: 4, Checkpoint: exampleCheckpoint,
			Proof: strings.Fields(exampleHashes), TLogProof: exampleProof,
		},
	}
	op.Responses = map[string]*huma.Response{"200": {Description: "Proof", Content: content}}
}

type getEventProofInput struct {
	EventPath
	transport.ReadHeaders
	transport.ETagHeaders
}

// proofPatience is how long a request waits for a checkpoint that covers the event.
const proofPatience = 5 * time.Second

func getEventProof(c *transport.Call, in *getEventProofInput) (*Raw, error) {
	id, err := in.id(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := c.WhileServing(proofPatience)
	defer cancel()
	stored, found, err := c.Log().Prove(ctx, in.Organization, id)
	if err != nil {
		return nil, err
	}
	shown := showProof(stored, found)
	var text []byte
	form := shown.TLogProof
	if c.Prefers("text/plain", "application/json") {
		text = []byte(shown.TLogProof)
		form += transport.TextType
	}
	return &Raw{Body: func(huma.Context) { c.Represent(in.ETagHeaders, tagOf([]byte(form)), shown, text) }}, nil
}

func showProof(stored []byte, p proof.Inclusion) *EventProof {
	shown := &EventProof{
		Event: stored, Position: p.Position.String(), Index: uint64(p.Index()), //nolint:gosec // it is not negative
		Checkpoint: string(p.Checkpoint.Note), Proof: make([]string, len(p.Hashes)), TLogProof: string(p.Text()),
	}
	for i, h := range p.Hashes {
		shown.Proof[i] = h.String()
	}
	return shown
}
