package backup

import (
	"errors"
	"fmt"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// formatNumber is the number of the format of backups.
const formatNumber = 1

// The names of the parts that are not numbered.
const (
	headName     = "backup.json"
	manifestName = "manifest.json"
	sumName      = manifestName + ".sha256"
)

// The names of the numbered parts. Partitions are numbered from 0 on, and parts from 1 on.
const (
	cursorParts    = "cursors/%08d.zst"
	checkpointPart = "checkpoints/%02d.txt"
	keyParts       = "keys/%08d.age"
	logParts       = "log/%02d/%08d.zst"
)

var (
	// ErrDamaged reports that a backup is not what was written, or is not whole.
	ErrDamaged = errors.New("the backup is damaged")
	// ErrNotABackup reports that a file does not begin like a backup.
	ErrNotABackup = errors.New("it is not a backup of Muster")
	// ErrKeysNeeded reports that a log with sealed profiles cannot be restored without keys unless
	// that is wanted.
	ErrKeysNeeded = errors.New("profiles of people are sealed in the log, and without their keys nobody can read them")
	// ErrKeysElsewhere reports that keys were asked for that cannot be seen from here.
	ErrKeysElsewhere = errors.New("this is the NATS of a service with an embedded log, and its keys and its erasure ledger are in its data directory: " +
		"run the command on its machine with --data, or make the backup without keys")
	// ErrUnknownFormat reports that a newer version has written the backup.
	ErrUnknownFormat = errors.New("the format of the backup is unknown: a newer Muster made it")
)

// Head says what a backup is of. It is the first part.
type Head struct {
	Format  int       `json:"format"`
	Muster  string    `json:"muster"`  // the version that wrote it
	Created time.Time `json:"created"` // when it was begun
	Log     string    `json:"log"`     // the id of the log
	// Partitions says where each partition ends: the high-water marks of the backup.
	Partitions []End `json:"partitions"`
	Keys       bool  `json:"keys"` // whether there are keys in it
}

// End is where a partition ends in a backup.
type End struct {
	Message uint64      `json:"message"` // the sequence of its last message; 0 for none
	Event   uint64      `json:"event"`   // the number of its last event
	Hash    domain.Hash `json:"hash"`    // the link of the chain that ends with the message
}

// Checkpoint returns the end as a checkpoint of the partition, without time and event id.
func (e End) Checkpoint(partition int) wire.Checkpoint {
	return wire.Checkpoint{Position: wire.Position{Partition: partition, Number: e.Event}, Message: e.Message, Hash: e.Hash}
}

// Ends returns the ends of all partitions.
func (h Head) Ends() []wire.Checkpoint {
	ends := make([]wire.Checkpoint, len(h.Partitions))
	for p, end := range h.Partitions {
		ends[p] = end.Checkpoint(p)
	}
	return ends
}

// Messages returns how many messages the log has.
func (h Head) Messages() (n uint64) {
	for _, end := range h.Partitions {
		n += end.Message
	}
	return n
}

// Events returns how many events the log has.
func (h Head) Events() (n uint64) {
	for _, end := range h.Partitions {
		n += end.Event
	}
	return n
}

// Manifest lists the parts before it.
type Manifest struct {
	Format int    `json:"format"`
	Parts  []Part `json:"parts"`
}

// Part is a part of a backup.
type Part struct {
	Name   string      `json:"name"`
	Size   int64       `json:"size"` // bytes in the archive
	SHA256 domain.Hash `json:"sha256"`
	// What a part of the log has; nil for other parts.
	*Span

	offset int64 // of its content in the file
}

// Span says which messages of a partition are in a part.
type Span struct {
	Partition    int    `json:"partition"`
	FirstMessage uint64 `json:"first_message"`
	LastMessage  uint64 `json:"last_message"`
	FirstEvent   uint64 `json:"first_event"`
	LastEvent    uint64 `json:"last_event"`
}

// String says where the part is, and what is in it.
func (p Part) String() string {
	where := fmt.Sprintf("%s (bytes %d to %d of the file)", p.Name, p.offset, p.offset+p.Size-1)
	if p.Span != nil {
		where += fmt.Sprintf(", which has events %s to %s",
			wire.Position{Partition: p.Partition, Number: p.FirstEvent}, wire.Position{Partition: p.Partition, Number: p.LastEvent})
	}
	return where
}
