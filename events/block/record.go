package block

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"time"

	"github.com/minio/highwayhash"
)

// Record is a message in a block.
type Record struct {
	Sequence uint64
	Time     time.Time
	Subject  string
	Header   []byte // as on the wire; nil if there is none
	Data     []byte
	Path     string // of the block
	Offset   int64  // in the block
	Size     int64  // of the record in the block
	// Foreign is why Muster cannot have written the message, although the record is as
	// JetStream has written it. It is empty otherwise.
	Foreign string

	block uint32 // its number
}

const (
	fixedSize  = 22 // up to the length of the subject
	hashSize   = 8
	lengthSize = 4 // of the length of the headers
	// maxRecord is the most bytes that JetStream believes a record to have.
	maxRecord = 32 << 20

	hasHeader = 1 << 31 // in the length of a record
	erased    = 1 << 63 // in the sequence: the message was deleted
	tombstone = 1 << 62 // in the sequence: another message was deleted
)

var headerStart, headerEnd = []byte("NATS/1.0"), []byte("\r\n\r\n")

// newHash returns the hash whose key is made of the name.
func newHash(name string) hash.Hash {
	key := sha256.Sum256([]byte(name))
	h, _ := highwayhash.New64(key[:]) // fails only for another size of the key
	return h
}

// recordHash returns the hash for the records of the block.
func (s Stream) recordHash(number uint32) hash.Hash {
	return newHash(fmt.Sprintf("%s-%d", s.Name, number))
}

// frame is the fixed beginning of a record.
type frame struct {
	length   int64
	headed   bool
	sequence uint64
	time     int64
	subject  int64 // its length
}

func parseFrame(b []byte) frame {
	length := binary.LittleEndian.Uint32(b)
	return frame{
		length: int64(length &^ hasHeader), headed: length&hasHeader != 0,
		sequence: binary.LittleEndian.Uint64(b[4:]),
		time:     int64(binary.LittleEndian.Uint64(b[12:])), //nolint:gosec // as JetStream writes it
		subject:  int64(binary.LittleEndian.Uint16(b[20:])),
	}
}

// refusal returns why the frame cannot be that of a record, if that many bytes of the
// block are left for it. It returns "" if it can.
func (f frame) refusal(left int64) string {
	least := fixedSize + f.subject + hashSize
	if f.headed {
		least += lengthSize
	}
	switch {
	case f.length < least || f.length > maxRecord:
		return fmt.Sprintf("a record of %d bytes is impossible", f.length)
	case f.length > left:
		return fmt.Sprintf("the record has %d bytes, and the file ends after %d", f.length, left)
	}
	return ""
}

// parse reads a whole record with the frame. It returns the reason if that is not as
// JetStream has written it. The record keeps b.
func (s Stream) parse(f frame, b []byte, h hash.Hash) (r Record, reason string) {
	body, sum := b[fixedSize:len(b)-hashSize], b[len(b)-hashSize:]
	subject, rest := body[:f.subject], body[f.subject:]
	var header []byte
	size := uint32(0)
	if f.headed {
		size, rest = binary.LittleEndian.Uint32(rest), rest[lengthSize:]
	}
	h.Reset()
	_, _ = h.Write(b[4:20])
	_, _ = h.Write(subject)
	_, _ = h.Write(rest)
	if !bytes.Equal(h.Sum(nil), sum) {
		return r, "the record's hash is wrong"
	}
	if f.headed {
		if int64(size) > int64(len(rest)) {
			return r, "the headers are longer than the record"
		}
		header, rest = rest[:size], rest[size:]
	}
	return Record{
		Sequence: f.sequence, Time: time.Unix(0, f.time).UTC(), Subject: string(subject),
		Header: header, Data: rest, Size: f.length, Foreign: s.foreign(subject, header, f.headed),
	}, ""
}

// foreign returns why Muster cannot have written a message with the subject and the headers,
// or "" if it can have. The hash does not cover the length of the headers, so that they may
// also be damaged.
func (s Stream) foreign(subject, header []byte, headed bool) string {
	switch {
	case s.Subject != "" && string(subject) != s.Subject:
		return fmt.Sprintf("the message has the subject %.40q", subject)
	case headed && (!bytes.HasPrefix(header, headerStart) || bytes.Index(header, headerEnd) != len(header)-len(headerEnd)):
		return "the length of the headers is wrong"
	}
	return ""
}
