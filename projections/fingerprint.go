package projections

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/muster-dev/muster/domain"
)

// Fingerprint answers, for every table, the SHA-256 over all its rows in the
// order of their keys, as of one moment. Read models of the same history have the
// same fingerprints, however they came to be.
func (m *ReadModels) Fingerprint() (tables map[string]domain.Hash, err error) {
	err = m.read(func(c *conn) error {
		return c.together(func() error {
			tables, err = c.fingerprint()
			return err
		})
	})
	return tables, err
}

func (c *conn) fingerprint() (map[string]domain.Hash, error) {
	tables := make(map[string]domain.Hash, len(tableNames))
	for _, table := range tableNames {
		sum, err := c.fingerprintTable(table)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", table, err)
		}
		tables[table] = sum
	}
	return tables, nil
}

func (c *conn) fingerprintTable(table string) (sum domain.Hash, err error) {
	rows, err := c.query(`SELECT * FROM ` + table + ` ORDER BY 1`)
	if err != nil {
		return sum, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	columns, err := rows.Columns()
	if err != nil {
		return sum, err
	}
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	h := sha256.New()
	var row []byte
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return sum, err
		}
		if row, err = appendRow(row[:0], values); err != nil {
			return sum, err
		}
		h.Write(row)
	}
	return sumOf(h), rows.Err()
}

func sumOf(h hash.Hash) (sum domain.Hash) {
	h.Sum(sum[:0])
	return sum
}

// appendRow appends each value as its type, its length and its bytes, so that no
// two rows look alike.
func appendRow(b []byte, values []any) ([]byte, error) {
	for _, value := range values {
		switch value := value.(type) {
		case nil:
			b = append(b, 'n')
		case int64:
			b = binary.AppendVarint(append(b, 'i'), value)
		case string:
			b = append(binary.AppendUvarint(append(b, 't'), uint64(len(value))), value...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, 'b'), uint64(len(value))), value...)
		default:
			return nil, fmt.Errorf("%T is in no column", value)
		}
	}
	return b, nil
}
