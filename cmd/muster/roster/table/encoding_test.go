package table

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

func utf16Text(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

func TestEncoding(t *testing.T) {
	const file, want = "first,last\nZoë,日本\n", "2-2 Zoë|日本\n"
	const zero = "2-2 the value in column 2 has a zero byte, which text does not have: if the file is in UTF-16, say so with --encoding utf-16le or utf-16be\n3-3 C|D\n"
	le, be := utf16Text(binary.LittleEndian, file), utf16Text(binary.BigEndian, file)
	for _, c := range []struct{ says, file, encoding, want string }{
		{"UTF-8", file, Auto, want},
		{"UTF-8 with a mark", "\xef\xbb\xbf" + file, Auto, want},
		{"UTF-8 with a mark and quotes", "\xef\xbb\xbf\"first\",\"last\"\nZoë,日本\n", Auto, want},
		{"UTF-8, as it is named", file, UTF8, want},
		{"UTF-16, little end first", le, Auto, want},
		{"UTF-16, big end first", be, Auto, want},
		{"UTF-16 with a mark, little end first", "\xff\xfe" + le, Auto, want},
		{"UTF-16 with a mark, big end first", "\xfe\xff" + be, Auto, want},
		{"UTF-16 with a mark, as it is named", "\xff\xfe" + le, UTF16LE, want},
		{"half a character of UTF-16", "\xff\xfe" + le + utf16Text(binary.LittleEndian, "a,b") + "\x0a", Auto, want + "3-3 the value in column 2 is not valid in the encoding utf-16le\n"},
		{"half a pair of UTF-16", le + "a\x00,\x00\x3d\xd8b\x00\n\x00", Auto, want + "3-3 the value in column 2 is not valid in the encoding utf-16le\n"},
		{"Windows-1252", "first,last\nZo\xeb,\x80\n", Windows1252, "2-2 Zoë|€\n"},
		{"Windows-1252 without such a character", "first,last\nZo\xeb,\x81\n", Windows1252, "2-2 the value in column 2 is not valid in the encoding windows-1252\n"},
		{"a zero byte", "first,last\nA,B\x00\nC,D\n", Auto, zero},
		{"a zero byte, as it is named", "first,last\nA,B\x00\nC,D\n", UTF8, zero},
		{"a zero byte behind a mark", "\xef\xbb\xbffirst,last\nA,B\x00\nC,D\n", Auto, zero},
		{"a zero byte in Windows-1252", "first,last\nA,B\x00\nC,D\n", Windows1252, zero},
	} {
		header, got, err := read(c.file, c.encoding)
		if header != "first|last" || got != c.want || err != nil {
			t.Errorf("%s is read as %s\n%s%v", c.says, header, got, err)
		}
	}
	for _, c := range []struct{ file, encoding, want string }{
		{"\xef\xbb\xbf" + file, Windows1252, "the byte order mark says that the encoding is utf-8, and --encoding says windows-1252"},
		{"a\x00b,c\n", Auto, "the names of the columns cannot be read: line 1: the value in column 1 has a zero byte, which text does not have"},
		{"\na\x00b,c\n", Windows1252, "the names of the columns cannot be read: line 2: the value in column 1 has a zero byte"},
		{"\x1f\x8b\x08\x00\x00", Auto, "this is not text but a file that gzip has compressed"},
		{"\x1f\x8b\x08\x00\x00", UTF8, "this is not text but a file that gzip has compressed"},
		{"PK\x03\x04\x14\x00", Auto, "this is not text but an archive"},
	} {
		if _, _, err := read(c.file, c.encoding); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q as %s: %v", c.file, c.encoding, err)
		}
	}
}

// A file in UTF-16 is found to be that, with a mark or without, whatever its text is
// behind an English header.
func TestUTF16IsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.RuneFrom([]rune("a é日😀 Ā"))).Draw(t, "value") + "z"
		order := rapid.SampledFrom([]binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian}).Draw(t, "order")
		mark := rapid.SampledFrom([]string{"", "\ufeff"}).Draw(t, "mark")
		if _, got, err := read(utf16Text(order, mark+"a,b\r\n1,"+value+"\r\n"), Auto); err != nil || got != "2-2 1|"+value+"\n" {
			t.Errorf("%q, %v", got, err)
		}
	})
}
