package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
)

// sumsEnd is how the last line of SHA256SUMS begins, which has the SHA-256 of all lines before it.
// sha256sum takes the line for a comment.
const sumsEnd = "# SHA-256 of the lines above: "

// sumWriter writes SHA256SUMS.
type sumWriter struct {
	file *os.File
	buf  *bufio.Writer
	hash hash.Hash
}

func newSumWriter(path string) (*sumWriter, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return nil, err
	}
	return &sumWriter{f, bufio.NewWriterSize(f, bufferSize), sha256.New()}, nil
}

func (w *sumWriter) add(sum []byte, name string) error {
	line := hex.EncodeToString(sum) + "  " + name + "\n"
	_, _ = io.WriteString(w.hash, line) // never fails
	_, err := w.buf.WriteString(line)
	return err
}

func (w *sumWriter) finish() error {
	fmt.Fprintf(w.buf, "%s%x\n", sumsEnd, w.hash.Sum(nil)) // Flush returns its error
	return errors.Join(w.buf.Flush(), w.file.Sync(), w.file.Close())
}

// sumReader reads SHA256SUMS line by line.
type sumReader struct {
	file  *os.File
	buf   *bufio.Reader
	whole bool   // the last line has the sum of the others
	line  int    // of what next has returned
	count int    // how many files there are
	name  string // of the next line, empty at the end
	sum   string // its sum
}

// openSums opens SHA256SUMS and checks it against its own last line.
func openSums(path string) (*sumReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &sumReader{file: f, buf: bufio.NewReaderSize(f, bufferSize)}
	if err := r.checkItself(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.buf.Reset(f)
	return r, r.next()
}

func (r *sumReader) checkItself() error {
	h := sha256.New()
	for {
		line, err := r.buf.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if line == "" {
			return nil
		}
		if strings.HasPrefix(line, sumsEnd) {
			_, err := r.buf.ReadByte()
			r.whole = line == fmt.Sprintf("%s%x\n", sumsEnd, h.Sum(nil)) && errors.Is(err, io.EOF)
			return nil
		}
		_, _ = io.WriteString(h, line) // never fails
		r.count++
	}
}

// next reads the next line that names a file. A line that cannot be read has no sum.
func (r *sumReader) next() error {
	line, err := r.buf.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r.name, r.sum = "", ""
	if line == "" || strings.HasPrefix(line, sumsEnd) {
		return nil
	}
	r.line++
	line = strings.TrimSuffix(line, "\n")
	sum, name, _ := strings.Cut(line, "  ")
	if r.name = name; name == "" {
		r.name = line
		return nil
	}
	r.sum = sum
	return nil
}

func (r *sumReader) close() error { return r.file.Close() }
