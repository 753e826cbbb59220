package roster

import (
	"context"
	"errors"
	"io"
	"os"
)

// errInterrupted is the error for the lines that were not sent before the context ended.
var errInterrupted = errors.New("interrupted: these lines were not sent")

// open opens the file and returns its size, which is 0 if it is not known. The name - is
// standard input. Reading what is not a regular file returns [errInterrupted] as soon as
// the context ends.
func open(ctx context.Context, name string, stdin io.Reader) (io.ReadCloser, int64, error) {
	if name == "-" {
		return interruptible(ctx, func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }), 0, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() { // a pipe with a name cannot be opened before somebody writes to it
		return interruptible(ctx, func() (io.ReadCloser, error) { return os.Open(name) }), 0, nil
	}
	f, err := os.Open(name)
	return f, info.Size(), err
}

// interruptible returns a reader of what open returns. Nothing ends a read or an open that
// waits for somebody to write, so these are done in a goroutine, which the end of the
// program leaves behind if it still waits.
func interruptible(ctx context.Context, open func() (io.ReadCloser, error)) io.ReadCloser {
	out, in := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = in.CloseWithError(errInterrupted) })
	go func() {
		defer stop()
		file, err := open()
		if err == nil {
			_, err = io.Copy(in, file)
			_ = file.Close() // nothing was written
		}
		_ = in.CloseWithError(err) // io.EOF for nil
	}()
	return out
}
