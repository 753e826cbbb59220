package block

import "fmt"

// Damage is the error for a place in a stream's files that is not as JetStream has
// written it.
type Damage struct {
	Path     string // the file
	Offset   int64  // in the file, where the record starts
	Sequence uint64 // of the message that was expected there; 0 if that is not known
	Reason   string
}

// Error names the file, the offset and the message.
func (d *Damage) Error() string {
	if d.Sequence == 0 {
		return fmt.Sprintf("%s, offset %d: %s", d.Path, d.Offset, d.Reason)
	}
	return fmt.Sprintf("%s, offset %d, where message %d is expected: %s", d.Path, d.Offset, d.Sequence, d.Reason)
}
