package dialect

import (
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/dialect/attio"
	"github.com/muster-dev/muster/transport/dialect/instantly"
	"github.com/muster-dev/muster/transport/dialect/teamwork"
	"github.com/muster-dev/muster/transport/dialect/transactionlink"
)

// All returns every dialect.
func All() []transport.Face {
	return []transport.Face{instantly.Face(), teamwork.Face(), transactionlink.Face(), attio.Face()}
}
