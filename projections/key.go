package projections

import (
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// MaxPartitions is how many partitions the keys have room for.
const MaxPartitions = 1 << partitionBits

const partitionBits = 10 // the lowest bits of a key, which hold the partition

// rowKey returns the key of the row that an event makes: the event's position as one
// integer, which is at least [MaxPartitions].
//
// An event makes at most one row in each table, so keys are unique. They depend only on
// the log and not on the order in which its partitions are applied, so every rebuild
// makes the same keys. Within an organization, the order of the keys is the order in
// which the rows were made.
func rowKey(p wire.Position) int64 {
	return int64(p.Number)<<partitionBits | int64(p.Partition) //nolint:gosec // a log of 2^53 events is out of reach
}

// positionOf returns the position of the event that made the row.
func positionOf(key int64) wire.Position {
	return wire.Position{Partition: partitionOf(key), Number: uint64(key) >> partitionBits} //nolint:gosec // keys are positive
}

// partitionOf returns the partition of the event that made the row.
func partitionOf(key int64) int { return int(key & (MaxPartitions - 1)) }

// organizationKey returns the key of an organization's row.
func (c conn) organizationKey(id domain.OrganizationID) (key int64, err error) {
	if key, ok := c.facts.organization(id); ok && c.sees(key) {
		return key, nil
	}
	if err = c.Row([]any{sqlite.Number(&key)}, `SELECT key FROM organizations WHERE id = +?`, id[:]); err == nil {
		c.facts.addOrganization(id, key)
	}
	return key, err
}

// builtIn are the built-in roles in the order of their keys, which count from 1.
var builtIn = domain.BuiltInRoles()

// builtInKey returns the key of the row of a built-in role.
func builtInKey(role domain.RoleKey) (key int64, ok bool) {
	for i := range builtIn {
		if builtIn[i].Key == role {
			return int64(i) + 1, true
		}
	}
	return 0, false
}

// roleKey returns the key of the row of a role that the organization knows.
func (c conn) roleKey(organization int64, role domain.RoleKey) (key int64, err error) {
	if key, ok := builtInKey(role); ok {
		return key, nil
	}
	err = c.Row([]any{sqlite.Number(&key)}, `SELECT key FROM roles WHERE organization = +? AND role = +?`, organization, string(role))
	return key, err
}
