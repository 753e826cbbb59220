package transactionlink

import (
	"testing"

	"github.com/muster-dev/muster/projections"
)

// Every source of grants has a type of its own.
func TestTypes(t *testing.T) {
	of := make(map[roleType]projections.Source)
	for _, source := range projections.Sources() {
		name := types[source]
		if other, taken := of[name]; name == "" || taken {
			t.Errorf("the type of %s is %q, which is that of %q", source, name, other)
		}
		of[name] = source
	}
}
