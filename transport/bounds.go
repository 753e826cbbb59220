package transport

import (
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// The patterns of texts, in the part of the language of patterns that every reader
// of the document has in common: there are some to whom a quotation mark, or a slash
// at the beginning, means something when it stands in no brackets.
const (
	permissionPattern = `^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`
	linePattern       = `^.*$`
	namePattern       = `^\S(.*\S)?$`
	keyPattern        = `^[a-z][a-z0-9_]*$`
	positionPattern   = `^[0-9]+-[0-9]+$`
	etagsPattern      = `^(\*|(W/)?["][!#-~]*["]( *, *(W/)?["][!#-~]*["])*)$` // RFC 9110, 8.8.3
	cursorPattern     = `^[A-Za-z0-9_-]+$`
	ulidPattern       = `^[0-7][0-9A-HJKMNP-TV-Z]{25}$`
	afterPattern      = `^(earliest|latest|[0-9]+-[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt].+)$`
)

const (
	// maxETags and maxCursor are how long the texts can be that clients send back.
	maxETags  = 1000
	maxCursor = 6000
	// maxText is longer than any text that repeats what was sent: a path, or the
	// name of a field that is not known.
	maxText = 2 * maxBody
	// maxNumber is the largest whole number that every reader of JSON can have.
	maxNumber = 1<<53 - 1
)

// texts are what the texts of the document look like, by the names of their fields,
// which mean the same wherever they stand. They are for those fields whose tags do
// not say it. That they hold of what is sent, the rules of the domain and the
// operations themselves see to, in better words than a pattern has.
var texts = map[string]struct {
	most    int // characters
	pattern string
}{
	"name": {200, namePattern}, "first": {200, `^(\S(.*\S)?)?$`}, "last": {200, `^(\S(.*\S)?)?$`},
	"email": {254, `^[^@\s]+@[^@\s]+$`}, "avatar_url": {2000, `^https://`},
	"role": {50, keyPattern}, "key": {50, keyPattern},
	"permission": {100, permissionPattern}, "permissions": {100, permissionPattern}, "items": {100, permissionPattern},
	"scopes":  {50, `^[a-z]+(_[a-z]+)*:[a-z]+$`},
	"reason":  {500, linePattern},
	"token":   {56, `^inv_[0-9A-Za-z]{52}$`},
	"secret":  {56, `^t[opw]t_[0-9A-Za-z]{52}$`},
	"version": {100, `^\S*$`},

	"event_id": {26, ulidPattern}, "event": {26, ulidPattern},
	"authid": {100, `^\S+$`}, "added_by": {100, `^\S+$`}, "id": {100, `^\S+$`},
	"position": {26, positionPattern}, "next_cursor": {maxCursor, cursorPattern}, "cursor": {maxCursor, cursorPattern},
	"after": {100, afterPattern},

	"type": {100, `^[/]docs/problems#[a-z_]+$`}, "code": {50, `^[a-z_]+$`}, "title": {100, namePattern},
	"detail": {maxText, `\S`}, "message": {maxText, `\S`}, "instance": {maxText, `^[/]`}, "pointer": {maxText, `^(/|(query|path|header)\.|$)`},
	"request_id": {128, `^[!#-\[\]-~]+$`},

	"ETag": {22, `^["][0-9]+["]$`}, "If-Match": {maxETags, etagsPattern}, "If-None-Match": {maxETags, `^[*]$`},
	"Idempotency-Key": {255, `^[ -~]+$`}, "Idempotency-Replayed": {4, `^true$`},
	"Muster-Position": {26, positionPattern}, "Muster-Min-Position": {26, positionPattern}, "Last-Event-ID": {100, afterPattern},
	"Muster-Reason": {500, linePattern}, "WWW-Authenticate": {100, `^Bearer`},
}

// numbers are the bounds of whole numbers, by the names of their fields.
var numbers = map[string]struct{ least, most float64 }{
	"level": {1, float64(domain.LevelTop)}, "version": {0, maxNumber}, "count": {0, maxNumber}, "schema": {1, maxNumber},
	"done": {0, domain.MaxOperations}, "refused": {0, domain.MaxOperations},
	"status": {http.StatusOK, 599},
}

// lists are how many items the lists of a name have at most.
var lists = map[string]int{
	"items": projections.MaxPageSize, "results": domain.MaxOperations, "grants": 2, "errors": maxText,
	"permissions": domain.MaxPermissions, "scopes": domain.MaxScopes,
}

// formats are how long the texts of a format are at most.
var formats = map[string]int{"uuid": 36, "date-time": len("2026-03-05T23:09:47.281000000+00:00")}

// bound says of all that the document describes how long, large or many it can be
// at most, and what texts look like.
func bound(doc *huma.OpenAPI) {
	for _, s := range doc.Components.Schemas.Map() {
		boundSchema("", s)
	}
	for name, h := range doc.Components.Headers {
		boundSchema(name, h.Schema)
	}
	for _, op := range operations(doc) {
		for _, p := range op.Parameters {
			if p.Schema != nil {
				s := *p.Schema // huma goes by the one that it has
				p.Schema = &s
				boundSchema(p.Name, p.Schema)
			}
		}
		for _, r := range op.Responses {
			boundHeaders(r.Headers)
		}
	}
	for _, r := range doc.Components.Responses {
		boundHeaders(r.Headers)
	}
}

func boundHeaders(headers map[string]*huma.Param) {
	for name, h := range headers {
		if h.Schema != nil {
			boundSchema(name, h.Schema)
		}
	}
}

// boundSchema bounds what stands in the field of that name.
func boundSchema(name string, s *huma.Schema) {
	switch s.Type {
	case huma.TypeObject:
		for property, inner := range s.Properties {
			boundSchema(property, inner)
		}
	case huma.TypeArray:
		if most, ok := lists[name]; ok && s.MaxItems == nil {
			s.MaxItems = &most
		}
		boundSchema(name, s.Items)
	case huma.TypeInteger:
		if n, ok := numbers[name]; ok && s.Maximum == nil {
			s.Minimum, s.Maximum = &n.least, &n.most
		}
	case huma.TypeString:
		boundText(name, s)
	}
}

func boundText(name string, s *huma.Schema) {
	if s.Enum != nil {
		if s.Nullable && !slices.Contains(s.Enum, nil) {
			s.Enum = append(slices.Clone(s.Enum), nil)
		}
		return
	}
	if most, ok := formats[s.Format]; ok {
		if s.MaxLength == nil {
			s.MaxLength = &most
		}
		return
	}
	t, ok := texts[name]
	if !ok {
		return // a test finds that
	}
	if s.MaxLength == nil {
		s.MaxLength = &t.most
	}
	if s.Pattern == "" {
		s.Pattern = t.pattern
	}
}
