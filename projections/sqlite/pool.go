package sqlite

import (
	"context"
	"errors"
)

// ErrClosed reports that the pool has been closed.
var ErrClosed = errors.New("the read models are closed")

// Pool is a bounded number of connections that many goroutines take turns with.
type Pool struct {
	file   *File
	free   chan *Conn
	closed chan struct{}
}

// NewPool returns a pool of the file's connections. The pool owns the file.
func NewPool(file *File) *Pool {
	p := &Pool{file: file, free: make(chan *Conn, len(file.Conns)), closed: make(chan struct{})}
	for _, c := range file.Conns {
		p.free <- c
	}
	return p
}

// Take returns a connection that nobody else has, and waits for one if necessary. Its
// errors are the context's and [ErrClosed]. The connection must be given back with
// [Pool.Give].
func (p *Pool) Take(ctx context.Context) (*Conn, error) {
	select {
	case c := <-p.free: // as almost always, and cheaper than to look at everything
		return c, nil
	default:
	}
	select {
	case c := <-p.free:
		return c, nil
	case <-p.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Give gives a connection back.
func (p *Pool) Give(c *Conn) { p.free <- c }

// Each calls f with one connection after the other. While others use the pool too, it may
// miss some.
func (p *Pool) Each(f func(*Conn) error) error {
	var errs []error
	for range p.file.Conns {
		c, err := p.Take(context.Background())
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, f(c))
		p.Give(c) // behind the others
	}
	return errors.Join(errs...)
}

// Close closes the file once every connection has been given back. It must be called
// once.
func (p *Pool) Close() error {
	close(p.closed)
	for range p.file.Conns {
		<-p.free
	}
	return p.file.Close()
}
