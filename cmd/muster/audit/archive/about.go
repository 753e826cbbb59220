package archive

import (
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/wire"
)

// The kinds of exports.
const (
	// KindOrganization has the events of one organization with a proof for each.
	KindOrganization = "organization"
	// KindLog has all events of all organizations as tiles.
	KindLog = "log"
)

// Format is the number of the format that this version writes and reads.
const Format = 1

// About says what an export is an export of. It is the content of export.json. It is not
// signed, and everything in it can be checked against what is.
type About struct {
	Format int       `json:"format"`
	Kind   string    `json:"kind"`
	Muster string    `json:"muster"` // the version that made it
	MadeAt time.Time `json:"made_at"`
	// Organization is the id of the organization. It is empty for the whole log.
	Organization string `json:"organization_id,omitempty"`
	// Events is how many events the export has.
	Events uint64 `json:"events"`
	// First and Last are the positions of an organization's first and last event.
	First *wire.Position `json:"first,omitempty"`
	Last  *wire.Position `json:"last,omitempty"`
	// Trees are the trees of the checkpoints, one for each partition.
	Trees []Tree `json:"trees"`
}

// Tree is what a checkpoint says.
type Tree struct {
	Partition int       `json:"partition"`
	Origin    string    `json:"origin"`
	Size      int64     `json:"size"` // in events
	Root      tlog.Hash `json:"root"` // in base64
}
