package projections

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// membershipRole is the role of the membership m as one column, for [scanRolePointer]. A
// built-in role is only its key, so the table of roles need not be read. Any other role
// is text with one line for each of its fields, none of which contains a line break.
const membershipRole = `CASE WHEN m.role < 1024 THEN m.role ELSE (
	SELECT hex(id) || char(10) || role || char(10) || level || char(10) || permissions || char(10) || name
	FROM roles WHERE key = m.role) END`

type roleColumn struct{ to *domain.Role }

// rolePointerColumn scans a role as a pointer. It does not copy built-in roles, so nobody
// may change the role. Null is nil.
type rolePointerColumn struct{ to **domain.Role }

func scanRolePointer(to **domain.Role) rolePointerColumn { return rolePointerColumn{to} }

func (c rolePointerColumn) Scan(v sqlite.Value) error {
	if v.IsNull() {
		*c.to = nil
		return nil
	}
	if n, ok := v.Number(); ok && n >= 1 && n <= int64(len(builtIn)) {
		*c.to = &builtIn[n-1]
		return nil
	}
	*c.to = new(domain.Role)
	return roleColumn{*c.to}.Scan(v)
}

func (c roleColumn) Scan(v sqlite.Value) error {
	if v.IsNull() {
		*c.to = domain.Role{}
		return nil
	}
	if n, ok := v.Number(); ok && n >= 1 && n <= int64(len(builtIn)) {
		*c.to = builtIn[n-1]
		return nil
	}
	if text, ok := v.Text(); ok {
		return c.own(string(text))
	}
	return fmt.Errorf("%s is not a role", v)
}

// own reads a role that is not built in from the text of [membershipRole].
func (c roleColumn) own(text string) error {
	parts := strings.SplitN(text, "\n", 5)
	if len(parts) != 5 {
		return fmt.Errorf("%q is not a role", text)
	}
	level, err := strconv.Atoi(parts[2])
	if err != nil {
		return fmt.Errorf("%q is not a role: %w", text, err)
	}
	role := domain.Role{
		Key: domain.RoleKey(parts[1]), Level: domain.Level(level), Permissions: sqlite.SplitWords[domain.Permission](parts[3]), Name: parts[4],
	}
	if n, err := hex.Decode(role.ID[:], []byte(parts[0])); err != nil || n != len(role.ID) {
		return fmt.Errorf("%q is not a role: %w", text, errors.Join(err, errors.New("it has no id")))
	}
	*c.to = role
	return nil
}
