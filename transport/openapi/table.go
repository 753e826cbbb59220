package openapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// MaxBody is the length of the longest body that a request can have, in bytes.
const MaxBody = 1 << 20

// The patterns of texts. They use only the part of the pattern language that all readers
// of the document share. Some readers give a special meaning to a quotation mark, or to a
// slash at the beginning, so those are in brackets.
const (
	permissionPattern = `^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`
	linePattern       = `^.*$`
	namePattern       = `^\S(.*\S)?$`
	positionPattern   = `^[0-9]+-[0-9]+$`
	asOfPattern       = `^([0-9]+-[0-9]+(@[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt].+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt].+)?)$`
	afterPattern      = `^(earliest|latest|[0-9]+-[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt].+)?)$`
)

// The patterns of one ETag and of a list of them (RFC 9110, 8.8.3 and 13.1).
const (
	ETag  = `(W/)?["][!#-~]*["]`
	ETags = `^([*]|` + ETag + `([ \t]*,[ \t]*` + ETag + `)*)$`
)

const (
	// maxEcho is longer than any text that repeats a part of the request, such as its
	// path or the name of an unknown field.
	maxEcho = 2 * MaxBody
	// maxNumber is the largest whole number that all readers of JSON can represent.
	maxNumber = 1<<53 - 1
)

// row is what a field with the tag bounds can contain. Each part only concerns fields of
// its type.
type row struct {
	items       int     // a list's greatest length
	length      int     // a text's greatest length, in characters
	pattern     string  // what a text looks like
	least, most float64 // the range of a whole number
}

// table has the rows that the tag bounds can name. It only describes rules. The domain
// and the operations check them, with better messages than a pattern can give.
var table = map[string]row{
	// People and things.
	"email":      {length: 254, pattern: `^[^@\s]+@[^@\s]+$`},
	"avatar_url": {length: 2000, pattern: `^https://`},
	"name":       {length: 200, pattern: namePattern},
	"name_part":  {length: 200, pattern: `^(\S(.*\S)?)?$`},
	"role":       {length: 50, pattern: `^[a-z][a-z0-9_]*$`},
	"level":      {least: 1, most: float64(domain.LevelTop)},
	"permission": {length: 100, pattern: permissionPattern},
	"reason":     {length: 500, pattern: linePattern},
	"actor":      {length: 100, pattern: `^\S+$`},
	"release":    {length: 100, pattern: `^\S*$`},

	"permissions": {items: domain.MaxPermissions, length: 100, pattern: permissionPattern},
	// Those of all grants that an access can have.
	"access_permissions": {items: domain.MaxPermissions * projections.MaxGrants(), length: 100, pattern: permissionPattern},

	"scopes": {items: domain.MaxScopes, length: 50, pattern: `^[a-z]+(_[a-z]+)*:[a-z]+$`},
	"grants": {items: projections.MaxGrants()},

	// Secrets.
	"invitation_token": {length: 56, pattern: `^inv_[0-9A-Za-z]{52}$`},
	"ticket":           {length: 56, pattern: `^tkt_[0-9A-Za-z]{52}$`},
	"secret":           {length: 56, pattern: `^t[opw]t_[0-9A-Za-z]{52}$`},

	// Events and places in history.
	"event":    {length: 26, pattern: `^[0-7][0-9A-HJKMNP-TV-Z]{25}$`},
	"position": {length: 26, pattern: positionPattern},
	"as_of":    {length: 100, pattern: asOfPattern},
	"after":    {length: 100, pattern: afterPattern},
	"schema":   {least: 1, most: maxNumber},

	"positions": {length: 28 * projections.MaxPartitions, pattern: `^[0-9]+-[0-9]+(, [0-9]+-[0-9]+)*$`},

	// Proofs.
	"partition": {most: 1023},
	"origin":    {length: 48, pattern: `^muster[/][0-9a-f-]{36}[/][0-9]+$`},
	"hash":      {length: 44, pattern: `^[A-Za-z0-9+/]{43}=$`},
	"hashes":    {items: 64, length: 44, pattern: `^[A-Za-z0-9+/]{43}=$`},
	"note":      {length: 100_000, pattern: `^muster[/]`},
	"stored":    {length: 87_380, pattern: `^[A-Za-z0-9+/]+=*$`},
	"keys":      {length: 200_000, pattern: `^muster[/]`},
	"proof":     {length: 200_000, pattern: `^c2sp[.]org[/]tlog-proof@v1`},
	"witnesses": {items: 100, length: 200, pattern: `^\S+$`},
	"trouble":   {length: 2000, pattern: linePattern},

	// Subscriptions.
	"event_types":         {items: domain.MaxEventTypes, length: domain.MaxEventType, pattern: `^muster\.[a-z_]+\.([a-z_]+|[*])$`},
	"event_type":          {length: domain.MaxEventType, pattern: `^muster(\.[a-z_]+)+$`},
	"from":                {length: 100, pattern: afterPattern},
	"url":                 {length: domain.MaxURL, pattern: `^https?://`},
	"pause":               {length: 600, pattern: linePattern},
	"answer":              {length: 1024, pattern: `^`},
	"nats_urls":           {items: 100, length: 300, pattern: `^[a-z]+://`},
	"nats_name":           {length: 100, pattern: `^[A-Za-z0-9_-]+$`},
	"subscription_secret": {length: 60, pattern: `^(whsec_[A-Za-z0-9+/]{43}=|sub_[0-9A-Za-z]{52})$`},

	"decisions": {items: domain.MaxDecisions, most: maxNumber},
	"leavers":   {length: MaxBody, pattern: `\S`},

	// Lists.
	"page":       {items: projections.MaxPageSize},
	"cursor":     {length: 6000, pattern: `^[A-Za-z0-9_-]+$`},
	"count":      {most: maxNumber},
	"operations": {items: domain.MaxOperations, most: domain.MaxOperations},

	// Errors.
	"problem":    {length: 100, pattern: `^[/]docs/problems#[a-z_]+$`},
	"code":       {length: 50, pattern: `^[a-z_]+$`},
	"title":      {length: 100, pattern: namePattern},
	"detail":     {length: maxEcho, pattern: `\S`},
	"path":       {length: maxEcho, pattern: `^[/]`},
	"pointer":    {length: maxEcho, pattern: `^(/|query$|(query|path|header)\.|$)`},
	"errors":     {items: maxEcho},
	"request_id": {length: 128, pattern: `^[!#-\[\]-~]+$`},
	"status":     {least: http.StatusOK, most: 599},

	// Headers.
	"etag":            {length: 22, pattern: `^["][0-9]+["]$`},
	"etags":           {length: 1000, pattern: ETags},
	"absent":          {length: 1000, pattern: `^[*]$`},
	"idempotency_key": {length: 255, pattern: `^[ -~]+$`},
	"replayed":        {length: 4, pattern: `^true$`},
	"challenge":       {length: 100, pattern: `^Bearer`},
}

// formats maps a format to the length of its longest text.
var formats = map[string]int{"uuid": 36, "date-time": len("2026-03-05T23:09:47.281000000+00:00")}

// Text returns the schema of a text with the bounds of a row of the table. It is for the
// Schema methods of types. It panics if there is no row of that name.
func Text(name string) *huma.Schema {
	bounds, ok := table[name]
	if !ok {
		panic("there are no bounds named " + name)
	}
	s := &huma.Schema{Type: huma.TypeString}
	bounds.apply(s)
	return s
}
