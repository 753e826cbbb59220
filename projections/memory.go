package projections

import (
	"errors"

	"github.com/muster-dev/muster/projections/sqlite"
)

// FreeMemory gives most of SQLite's caches back to the system, and returns how many bytes that
// were. It is meant for when there is nothing to do: what is needed afterwards is read from the
// file again. Every connection has its own turn, so a query waits for one of them at most.
func (m *ReadModels) FreeMemory() (bytes int, err error) {
	free := func(c *sqlite.Conn, size string) error {
		bytes += c.Cached()
		err := c.Script(restCache + size) // a smaller size takes effect at once
		bytes -= c.Cached()
		return err
	}
	err = m.write(func(p *projector) error { return free(p.Conn, writerCache) })
	for _, pool := range []*sqlite.Pool{m.points, m.lists} {
		err = errors.Join(err, pool.Each(func(c *sqlite.Conn) error { return free(c, readerCache) }))
	}
	sqlite.FreeMemory()
	return bytes, err
}
