package catalogue

import "github.com/muster-dev/muster/domain"

// Attribute is an attribute of every event, or of those that have something to say with it.
type Attribute struct {
	Name     string
	Text     string
	Optional bool
	Schema   *Schema // without a description
}

const (
	ulidPattern     = `^[0-7][0-9A-HJKMNP-TV-Z]{25}$`
	positionPattern = `^[0-9]+-[0-9]+$`
)

// Attributes returns all attributes, in the order in which they are written.
func Attributes() []Attribute {
	uuid := func() *Schema { return &Schema{Type: "string", Format: "uuid", words: "UUID"} }
	ulid := func() *Schema { return &Schema{Type: "string", Pattern: ulidPattern, words: "ULID"} }
	actor := choice(domain.ActorUser, domain.ActorToken, domain.ActorSystem)
	actor.Title = "AuthType"
	return []Attribute{
		{"specversion", "The version of CloudEvents.", false, &Schema{Type: "string", Const: "1.0"}},
		{"id", "Unique. Within a partition ids ascend in the order of events.", false, ulid()},
		{"source", "The organization: `/organizations/` and its id.", false, &Schema{Type: "string", Format: "uri-reference", Pattern: "^/organizations/", words: "URI reference"}},
		{"type", "What happened.", false, &Schema{Type: "string", Pattern: `^muster\.[a-z_]+\.[a-z_]+$`}},
		{"subject", "What it happened to, within the organization. Absent when that is the organization itself.", true, &Schema{Type: "string"}},
		{"time", "When it was recorded, in UTC. Never earlier than the event before it.", false, &Schema{Type: "string", Format: "date-time", words: "time"}},
		{"datacontenttype", "The media type of `data`.", false, &Schema{Type: "string", Const: "application/json"}},
		{"dataschema", "Names the JSON Schema of `data`. With the base URL of a node and a slash in place of `muster://` it is the address of the document. Absent in events that earlier versions have written.", true, &Schema{Type: "string", Format: "uri", Pattern: "^muster://schemas/", words: "URI"}},
		{"sequence", "The event's place in history: the partition, and the number of the event in it. The events of an organization are totally ordered by it.", false, &Schema{Type: "string", Pattern: positionPattern, words: "position"}},
		{"organizationid", "The organization that it concerns.", false, uuid()},
		{"workspaceid", "The workspace that it concerns. Absent if there is none.", true, uuid()},
		{"userid", "The user that it concerns. Absent if there is none.", true, uuid()},
		{"authtype", "Who did it: `user` (through a token that is bound to them, or a JWT), `token` (a program) or `system`.", false, &actor},
		{"authid", "The id of that user or token. For `system` it is `root` (the root token) or `muster` (Muster itself, for example when a membership expires, the end of a removed user's membership is recorded, or a webhook fails for too long). If an invitation is accepted with its secret alone, the actor is the invited user.", false, &Schema{Type: "string"}},
		{"onbehalfof", "The user for whom it was done, if the request said so.", true, uuid()},
		{"commandid", "The command that it came from. Events of one command share it.", false, uuid()},
		{"requesthash", "The HMAC-SHA-256 of the request under a secret that Muster keeps with the keys of personal data, if the request had an `Idempotency-Key`. In events of older versions it is the plain SHA-256.", true, &Schema{Type: "string", Pattern: "^[0-9a-f]{64}$", words: "64 hexadecimal digits"}},
		{"causationid", "The event that caused this one. It is the event that this one reverts, or the one that made Muster record this one. Otherwise, if a command has several events, all but the first have the `id` of the first here.", true, ulid()},
		{"reason", "The `Muster-Reason` of the request, if it had one.", true, &Schema{Type: "string"}},
		{"schema", "The number of the shape of `data` for this type; 1 for all so far.", false, &Schema{Type: "integer", Minimum: number(1)}},
		{"data", "What happened in detail, depending on the type.", false, &Schema{Type: "object"}},
	}
}
