package terminal

import (
	"errors"

	"github.com/muster-dev/muster/domain"
)

// ParseID parses an id. It refuses the nil UUID, because inside Muster the zero id
// means that there is none.
func ParseID[Kind any](text string) (domain.ID[Kind], error) {
	id, err := domain.ParseID[Kind](text)
	if err == nil && id.IsZero() {
		err = errors.New("the nil UUID is nobody's id; leave the id out if none is meant")
	}
	return id, err
}
