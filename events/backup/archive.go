package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/muster-dev/muster/domain"
)

// Archive is a backup every byte of which is as it was written.
type Archive struct {
	Head
	Parts []Part // all but the last two, in their order
	// Sealed reports that profiles of people are sealed in the log. It is known after [Archive.Check].
	Sealed bool

	file    io.ReaderAt
	named   map[string]int // of the parts
	checked bool           // Check has succeeded
	told    told           // what the log says about keys, after Check
}

// File is where a backup is.
type File interface {
	io.ReaderAt
	// Size returns the bytes of the file.
	Size() int64
}

// small is the most bytes that a part has that is read as a whole before it is known to be right,
// other than the manifest, which has some 200 bytes for each 4 MB.
const small = 1 << 20

// readAhead is how many bytes of the file are read at once.
const readAhead = 256 << 10

// Open reads the whole file and checks that every byte is as it was written. The error wraps
// [ErrDamaged] and says where the damage is, [ErrNotABackup] if the file does not begin like a
// backup, or [ErrUnknownFormat]. If progress is not nil it is called with how many bytes of how
// many were read.
func Open(ctx context.Context, f File, progress func(done, of uint64)) (*Archive, error) {
	if progress == nil {
		progress = func(uint64, uint64) {}
	}
	size := f.Size()
	c := &canon{file: bufio.NewReaderSize(io.NewSectionReader(f, 0, size), readAhead)}
	c.tar = tar.NewWriter(c)
	counted := &counter{r: bufio.NewReaderSize(io.NewSectionReader(f, 0, size), readAhead)}
	s := scanner{archive: &Archive{file: f}, tar: tar.NewReader(counted), counted: counted, canon: c}
	for {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		progress(uint64(min(counted.n, size)), uint64(size)) //nolint:gosec // not negative
		err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	progress(uint64(size), uint64(size)) //nolint:gosec // not negative
	return s.archive, s.end()
}

// scanner reads an archive part by part.
type scanner struct {
	archive *Archive
	tar     *tar.Reader
	counted *counter
	canon   *canon
	created time.Time

	manifest []byte // once it was read
	sum      []byte // the last part, once it was read
}

// next reads a part.
func (s *scanner) next() error {
	start := s.counted.n
	h, err := s.tar.Next()
	switch {
	case errors.Is(err, io.EOF) && s.sum == nil && start == 0:
		return fmt.Errorf("%w: it is empty", ErrNotABackup)
	case errors.Is(err, io.EOF) && s.sum == nil:
		return s.damaged(s.counted.n, "the file ends before the backup does: it was cut off")
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil && start == 0:
		return fmt.Errorf("%w: %w", ErrNotABackup, err)
	case err != nil && errors.Is(err, io.ErrUnexpectedEOF):
		return s.damaged(s.counted.n, "the file ends before the backup does: it was cut off")
	case err != nil:
		return s.damaged(start, err.Error())
	case s.created.IsZero() && h.Name != headName:
		return fmt.Errorf("%w: it begins with %.40q and not with %s", ErrNotABackup, h.Name, headName)
	case s.sum != nil:
		return s.damaged(start, "something follows the last part")
	}
	if s.created.IsZero() {
		s.created = h.ModTime
	}
	p := Part{Name: h.Name, Size: h.Size, offset: s.counted.n}
	if err := s.canon.tar.WriteHeader(header(h.Name, h.Size, s.created)); err != nil {
		return s.canon.explain(err, p)
	}
	var keep bytes.Buffer
	sum := sha256.New()
	to := io.MultiWriter(sum, s.canon.tar)
	if p.Name == headName || p.Name == manifestName || p.Name == sumName {
		if limit := int64(small); p.Name != manifestName && p.Size > limit {
			return s.damaged(start, fmt.Sprintf("%s cannot have %d bytes", p.Name, p.Size))
		}
		to = io.MultiWriter(sum, s.canon.tar, &keep)
	}
	if _, err := io.Copy(to, s.tar); err != nil {
		return s.canon.explain(err, p)
	}
	sum.Sum(p.SHA256[:0])
	switch p.Name {
	case headName:
		return s.head(p, keep.Bytes())
	case manifestName:
		s.manifest = keep.Bytes()
	case sumName:
		s.sum = keep.Bytes()
	default:
		s.archive.Parts = append(s.archive.Parts, p)
	}
	return nil
}

func (s *scanner) damaged(at int64, what string) error { return damagedAt(at, what) }

func damagedAt(at int64, what string) error {
	return fmt.Errorf("%w: at byte %d: %s", ErrDamaged, at, what)
}

// head reads the first part.
func (s *scanner) head(p Part, text []byte) error {
	if len(s.archive.Parts) > 0 {
		return s.damaged(p.offset, headName+" is there twice")
	}
	s.archive.Parts = append(s.archive.Parts, p)
	var format struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(text, &format) == nil && format.Format > formatNumber {
		return fmt.Errorf("format %d: %w", format.Format, ErrUnknownFormat) // or it is damaged: a newer version can tell
	}
	_ = json.Unmarshal(text, &s.archive.Head) // if that fails the hash is wrong
	return nil
}

// end compares what was read with the manifest.
func (s *scanner) end() error {
	if err := s.canon.close(); err != nil {
		return err
	}
	sum := domain.Hash(sha256.Sum256(s.manifest))
	if s.manifest == nil || !bytes.Equal(s.sum, sumLine(sum)) {
		return fmt.Errorf("%w: %s or %s, at the end of the file, was changed", ErrDamaged, manifestName, sumName)
	}
	var m Manifest
	if err := json.Unmarshal(s.manifest, &m); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, manifestName, err)
	}
	var changed []error
	read := s.archive.Parts
	if len(read) != len(m.Parts) {
		changed = append(changed, fmt.Errorf("there are %d parts, and not %d", len(read), len(m.Parts)))
	}
	for i := range min(len(read), len(m.Parts)) {
		read[i].Span = m.Parts[i].Span
		if one, other := read[i], m.Parts[i]; one.Name != other.Name || one.Size != other.Size || one.SHA256 != other.SHA256 {
			changed = append(changed, fmt.Errorf("%s was changed", one))
		}
	}
	if len(changed) > 0 {
		return fmt.Errorf("%w: %w", ErrDamaged, errors.Join(changed...))
	}
	s.archive.named = make(map[string]int, len(read))
	for i, p := range read {
		s.archive.named[p.Name] = i
	}
	if a := s.archive; a.Format != formatNumber || a.Log == "" || len(a.Partitions) == 0 || !a.Created.Equal(s.created) {
		return fmt.Errorf("%w: %s does not say what the backup is of", ErrDamaged, headName)
	}
	return nil
}

// counter counts the bytes that were read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// canon gets the archive written again, and compares that with the file, byte by byte. So it
// notices what is changed between the parts, which no hash covers.
type canon struct {
	file *bufio.Reader
	tar  *tar.Writer
	at   int64
	read []byte
}

func (c *canon) Write(b []byte) (int, error) {
	if cap(c.read) < len(b) {
		c.read = make([]byte, len(b))
	}
	read := c.read[:len(b)]
	n, err := io.ReadFull(c.file, read)
	if err != nil {
		return 0, damagedAt(c.at+int64(n), "the file ends before the backup does: it was cut off")
	}
	if !bytes.Equal(b, read) {
		for i := range b {
			if b[i] != read[i] {
				return 0, damagedAt(c.at+int64(i), "something between the parts was changed")
			}
		}
	}
	c.at += int64(len(b))
	return len(b), nil
}

// explain returns an error that says where the damage is.
func (c *canon) explain(err error, p Part) error {
	if errors.Is(err, ErrDamaged) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the file ends within %s: it was cut off", ErrDamaged, p.Name)
	}
	return fmt.Errorf("reading %s: %w", p, err)
}

// close checks the end of the archive, behind which there must be nothing.
func (c *canon) close() error {
	if err := c.tar.Close(); err != nil {
		return err
	}
	if _, err := c.file.ReadByte(); !errors.Is(err, io.EOF) {
		return damagedAt(c.at, "something follows the backup")
	}
	return nil
}

// content returns a part, which must still be as it was when the archive was opened.
func (a *Archive) content(p Part) ([]byte, error) {
	b := make([]byte, p.Size)
	if _, err := a.file.ReadAt(b, p.offset); err != nil {
		return nil, fmt.Errorf("reading %s: %w", p, err)
	}
	if domain.Hash(sha256.Sum256(b)) != p.SHA256 {
		return nil, fmt.Errorf("%w: %s was changed while the backup was read", ErrDamaged, p)
	}
	return b, nil
}

// unpacked returns what is in a compressed part.
func (a *Archive) unpacked(d *zstd.Decoder, p Part) ([]byte, error) {
	packed, err := a.content(p)
	if err != nil {
		return nil, err
	}
	plain, err := d.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, p, err)
	}
	return plain, nil
}

// part returns the part with the name. It reports false if there is none.
func (a *Archive) part(name string) (Part, bool) {
	i, found := a.named[name]
	if !found {
		return Part{}, false
	}
	return a.Parts[i], true
}
