package native

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// Checkpoint is a signed statement of what a partition of the log holds.
type Checkpoint struct {
	Partition int      `json:"partition" bounds:"partition" doc:"The partition of the log, which is the first number of its events' positions."`
	Origin    string   `json:"origin" bounds:"origin" doc:"The checkpoint's first line, and the name of the key." example:"muster/019cc043-a7e5-4c21-b0d4-6f2e9a1c8b53/3"`
	Size      uint64   `json:"size" bounds:"count" doc:"How many events the Merkle tree (RFC 6962) has: those of the positions up to this number." example:"6"`
	RootHash  string   `json:"root_hash" bounds:"hash" doc:"The tree's root hash, SHA-256 in base64." example:"8MZAHK9nadD9Ge1htnPTABKwg3veIQB5ArnIp7XNpP0="`
	Note      string   `json:"checkpoint" bounds:"note" doc:"The signed checkpoint itself (c2sp.org/tlog-checkpoint), with all its signatures."`
	Witnesses []string `json:"witnesses" bounds:"witnesses" nullable:"false" doc:"The names of the witnesses that have signed it too."`
	Trouble   *string  `json:"trouble" bounds:"trouble" doc:"Why nothing newer can be signed, for example because the log has another history than the one that was signed; null when it can be." example:"null"`
}

// CheckpointList is the last checkpoint of every partition.
type CheckpointList struct {
	Items []Checkpoint `json:"items" nullable:"false" maxItems:"1024"`
}

// Raw is the response of an operation that writes it itself.
type Raw struct {
	ETag         string `header:"ETag" bounds:"etag" doc:"Changes with the answer." example:"\"7311930412340\""`
	CacheControl string `header:"Cache-Control" maxLength:"100" pattern:"^[a-z0-9=, -]+$" doc:"What caches may do." example:"public, no-cache"`
	Body         func(huma.Context)
}

// checkpointOperations returns the operations on the signed state of the log. What they show
// concerns the log as a whole and nothing in it, so they take no token.
func checkpointOperations() []transport.Operation {
	const tag = "Proofs"
	return []transport.Operation{
		{
			ID: "list-checkpoints", Path: "/v1/checkpoints",
			Reach: transport.ReachPublic, Tag: tag, Errors: []int{http.StatusUnprocessableEntity},
			Summary:     "Get the signed checkpoints of the log",
			Description: "The last checkpoint of each partition: how many events it has and the root hash of their Merkle tree, signed by this installation and by its witnesses. Needs no token. With partition, or with Accept: text/plain if the log has one partition only, it is the checkpoint itself, as other people's tools take it. Keep checkpoints: whoever has one can have it proved later that nothing before it was changed.",
			Document:    documentCheckpoints,
			Do:          transport.Query(listCheckpoints),
		},
		{
			ID: "get-checkpoint-key", Path: "/v1/checkpoints/key",
			Reach: transport.ReachPublic, Tag: tag, Errors: []int{http.StatusUnprocessableEntity},
			Summary:     "Get the public key of the checkpoints",
			Description: "A line for each partition, in the form of verifier keys of signed notes (c2sp.org/signed-note): the origin, a hash and the Ed25519 key. Needs no token. The key never changes. Compare it with one that you got in another way, because whoever could forge checkpoints could also show another key here.",
			Document: func(op *huma.Operation, _ huma.Registry) {
				op.Responses = map[string]*huma.Response{"200": {Description: "Keys", Content: plainText("keys", exampleVerifiers)}}
			},
			Do: transport.Query(getCheckpointKey),
		},
		proofOperation(),
	}
}

// plainText documents a response in plain text. Bounds are those of such a text.
func plainText(bounds, example string) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"text/plain": {Schema: openapi.Text(bounds), Example: example}}
}

func documentCheckpoints(op *huma.Operation, r huma.Registry) {
	content := plainText("note", exampleCheckpoint)
	content["application/json"] = &huma.MediaType{
		Schema: r.Schema(reflect.TypeFor[CheckpointList](), true, ""),
		Example: CheckpointList{[]Checkpoint{{
			Partition: 3, Origin: exampleOrigin, Size: 6, RootHash: exampleRoot, Note: exampleCheckpoint, Witnesses: []string{},
		}}},
	}
	op.Responses = map[string]*huma.Response{"200": {Description: "Checkpoints", Content: content}}
}

type listCheckpointsInput struct {
	Partition string `query:"partition" maxLength:"4" pattern:"^[0-9]+$" doc:"Only this partition's checkpoint; as plain text, unless Accept prefers application/json." example:"3"`
	transport.ETagHeaders
}

// What caches may keep of the responses that need no token.
const (
	checkAgain = "public, no-cache"     // a newer one may be there at any time
	keepLong   = "public, max-age=3600" // it never changes, unless the address gets another installation
)

func listCheckpoints(c *transport.Call, in *listCheckpointsInput) (*Raw, error) {
	var found []proof.Published
	partition, all := -1, c.Log().Partitions()
	if in.Partition != "" {
		var ok bool
		if partition, ok = number(in.Partition, all); !ok {
			return nil, transport.InvalidField("query.partition", transport.CodeInvalidValue, "the number of a partition of the log is expected: GET /v1/checkpoints lists them")
		}
		found = []proof.Published{c.Log().Checkpoint(c, partition)}
	} else {
		found = c.Log().Checkpoints(c)
	}
	var text []byte
	switch {
	case partition >= 0 && !c.Prefers("application/json", "text/plain"), partition < 0 && all == 1 && c.Prefers("text/plain", "application/json"):
		text = found[0].Note
	case partition < 0 && c.Prefers("text/plain", "application/json"):
		return nil, transport.InvalidField("query.partition", transport.CodeInvalidValue, "the number of a partition is expected: a plain text has one checkpoint, and the log has several partitions")
	}
	list := &CheckpointList{Items: make([]Checkpoint, len(found))}
	var state []byte // all that the answer shows, and in which form
	if text != nil {
		state = []byte(transport.TextType)
	}
	for i, f := range found {
		list.Items[i] = showCheckpoint(c, f)
		state = append(append(state, f.Note...), 0)
		if t := list.Items[i].Trouble; t != nil && text == nil {
			state = append(state, *t...)
		}
	}
	return &Raw{CacheControl: checkAgain, Body: func(huma.Context) { c.Represent(in.ETagHeaders, tagOf(state), list, text) }}, nil
}

// number returns the number in a text if it is less than the limit.
func number(text string, limit int) (n int, ok bool) {
	for _, digit := range text {
		if digit < '0' || digit > '9' || n >= limit {
			return 0, false
		}
		n = n*10 + int(digit-'0')
	}
	return n, n < limit
}

func showCheckpoint(c *transport.Call, f proof.Published) Checkpoint {
	shown := Checkpoint{
		Partition: f.Partition, Origin: c.Log().Verifier().Origin(f.Partition), Size: uint64(f.N), //nolint:gosec // it is not negative
		RootHash: base64.StdEncoding.EncodeToString(f.Hash[:]), Note: string(f.Note), Witnesses: append([]string{}, f.Witnesses...),
	}
	if f.Trouble != nil {
		text := f.Trouble.Error()
		shown.Trouble = &text
	}
	return shown
}

// tagOf returns the number for the ETag of an answer that shows this.
func tagOf(shown []byte) uint64 {
	sum := sha256.Sum256(shown)
	return binary.BigEndian.Uint64(sum[:])
}

type getCheckpointKeyInput struct{ transport.ETagHeaders }

func getCheckpointKey(c *transport.Call, in *getCheckpointKeyInput) (*Raw, error) {
	keys := []byte(c.Log().Verifier().Keys(c.Log().Partitions()))
	return &Raw{CacheControl: keepLong, Body: func(huma.Context) { c.Represent(in.ETagHeaders, tagOf(keys), nil, keys) }}, nil
}
