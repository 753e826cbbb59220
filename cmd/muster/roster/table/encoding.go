package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The encodings of a file. Auto finds out which one it is.
const (
	Auto        = "auto"
	UTF8        = "utf-8"
	UTF16LE     = "utf-16le"
	UTF16BE     = "utf-16be"
	Windows1252 = "windows-1252"
)

// Encodings are the names of the encodings, Auto first.
var Encodings = []string{Auto, UTF8, UTF16LE, UTF16BE, Windows1252}

// Text is a file as UTF-8, without a byte order mark.
type Text struct {
	io.Reader
	Encoding string // of the file
}

// sampleSize is how many bytes of a file are looked at to find out its encoding.
const sampleSize = 4096

// Decode returns the file as UTF-8. With [Auto] the encoding is the one that a byte order
// mark names. Without a mark it is UTF-16 if every second byte of the first line is zero,
// and UTF-8 otherwise. Windows-1252 must be named, because every other encoding with one
// byte for a character looks the same.
func Decode(r io.Reader, name string) (*Text, error) {
	in := bufio.NewReaderSize(r, sampleSize)
	sample, err := in.Peek(sampleSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(sample, []byte("PK\x03\x04")) {
		return nil, errors.New("this is not text but an archive, such as an Excel workbook: save the sheet as CSV")
	}
	if bytes.HasPrefix(sample, []byte("\x1f\x8b")) {
		return nil, errors.New("this is not text but a file that gzip has compressed: decompress it first, as in gunzip -c FILE | muster import -")
	}
	marked, mark := markOf(sample)
	if name == Auto {
		if name = marked; name == "" {
			name = guess(sample)
		}
	} else if marked != "" && marked != name {
		return nil, fmt.Errorf("the byte order mark says that the encoding is %s, and --encoding says %s", marked, name)
	}
	if marked != "" {
		_, _ = in.Discard(len(mark)) // it is in the buffer
	}
	return &Text{newlines(decoded(in, name)), name}, nil
}

var marks = []struct{ encoding, mark string }{
	{UTF8, "\xef\xbb\xbf"}, {UTF16LE, "\xff\xfe"}, {UTF16BE, "\xfe\xff"},
}

func markOf(sample []byte) (name, mark string) {
	for _, m := range marks {
		if bytes.HasPrefix(sample, []byte(m.mark)) {
			return m.encoding, m.mark
		}
	}
	return "", ""
}

// guess returns the encoding of a file without a byte order mark.
func guess(sample []byte) string {
	line, zeros := sample, [2]int{}
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end&^1] // whole pairs
	}
	for i, b := range line {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch pairs := len(line) / 2; {
	case pairs == 0:
	case zeros[0] == 0 && zeros[1] == pairs:
		return UTF16LE
	case zeros[1] == 0 && zeros[0] >= pairs:
		return UTF16BE
	}
	return UTF8
}

func decoded(r io.Reader, name string) io.Reader {
	var e encoding.Encoding
	switch name {
	case UTF16LE:
		e = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case UTF16BE:
		e = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case Windows1252:
		e = charmap.Windows1252
	default:
		return r
	}
	return transform.NewReader(r, e.NewDecoder())
}

// newlines returns the text with \n for a \r that no \n follows, as old programs for the
// Mac end lines.
func newlines(r io.Reader) io.Reader { return transform.NewReader(r, &lineEnds{}) }

// lineEnds is the [transform.Transformer] of newlines.
type lineEnds struct{ transform.NopResetter }

// Transform replaces each \r that no \n follows.
func (*lineEnds) Transform(dst, src []byte, atEOF bool) (written, read int, err error) {
	for read < len(src) {
		if written == len(dst) {
			return written, read, transform.ErrShortDst
		}
		b := src[read]
		if b == '\r' {
			if read+1 == len(src) && !atEOF {
				return written, read, transform.ErrShortSrc
			}
			if read+1 == len(src) || src[read+1] != '\n' {
				b = '\n'
			}
		}
		dst[written] = b
		written, read = written+1, read+1
	}
	return written, read, nil
}

// Wrong returns what is wrong with a piece of the text: that it is not valid in the
// file's encoding, or has a zero byte. It returns an empty text if it is valid.
func (t *Text) Wrong(piece string) string {
	if t.Encoding == UTF8 && !utf8.ValidString(piece) {
		return "is not valid UTF-8: if a program on Windows has written the file, try --encoding windows-1252"
	}
	for _, r := range piece {
		switch {
		case r == 0:
			return "has a zero byte, which text does not have: if the file is in UTF-16, say so with --encoding utf-16le or utf-16be"
		case r == utf8.RuneError && t.Encoding == UTF8:
			return "has the character U+FFFD: some program could not read the text that was there, and it is lost"
		case r == utf8.RuneError:
			return "is not valid in the encoding " + t.Encoding
		case t.Encoding == Windows1252 && r >= 0x80 && r < 0xa0: // what has no character is decoded to these
			return "is not valid in the encoding windows-1252"
		}
	}
	return ""
}
