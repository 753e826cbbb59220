package shown

import (
	"encoding/json"
	"time"

	"github.com/muster-dev/muster/events/wire"
)

// Event is what is read of a CloudEvent. Attributes that it does not know are in
// none of its fields, so that events of newer services can be printed too.
type Event struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Time       time.Time       `json:"time"`
	Sequence   wire.Position   `json:"sequence"`
	Workspace  string          `json:"workspaceid"`
	User       string          `json:"userid"`
	AuthType   string          `json:"authtype"`
	AuthID     string          `json:"authid"`
	OnBehalfOf string          `json:"onbehalfof"`
	Reason     string          `json:"reason"`
	Data       json.RawMessage `json:"data"`
}
