package personal

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func FuzzOpen(f *testing.F) {
	key := newKey()
	whole := key.Seal(aboutAda(), []byte(profile))
	f.Add(whole)
	f.Add(whole[:Overhead])
	f.Add([]byte{sealFormat})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := key.Open(aboutAda(), sealed); err == nil && (string(plain) != profile || !bytes.Equal(sealed, whole)) {
			t.Errorf("opened %q", plain)
		}
	})
}

// Whatever a line is, it is refused, or it is the line that its content makes.
func FuzzLedgerLine(f *testing.F) {
	line, _, err := Head{}.append(nil, erasure(1, newKey()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"number":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, head, err := Head{}.next(text)
		if err != nil {
			return
		}
		if head.Lines != 1 {
			t.Errorf("%s is line %d", text, head.Lines)
		}
		if again, _, err := (Head{}).append(nil, e); err != nil || len(again) == 0 {
			t.Errorf("%s is read and cannot be written: %v", text, err)
		}
	})
}

func FuzzUndo(f *testing.F) {
	image := bytes.Repeat([]byte{1}, 4*512)
	page := bytes.Repeat([]byte{2}, 512)
	journal := append([]byte(nil), journalMagic...)
	for _, n := range []uint32{1, 7, 3, 512, 512} { // one page, and the file had three
		journal = binary.BigEndian.AppendUint32(journal, n)
	}
	journal = append(journal, make([]byte, 512-len(journal))...)
	journal = append(binary.BigEndian.AppendUint32(journal, 2), page...)
	journal = binary.BigEndian.AppendUint32(journal, checksum(7, page))
	f.Add(journal)
	f.Add(journal[:600])
	if undone := undo(bytes.Clone(image), journal); len(undone) != 3*512 || !bytes.Equal(undone[512:1024], page) || !bytes.Equal(undone[:512], image[:512]) {
		f.Errorf("undone to %d bytes: %v", len(undone), undone)
	}
	f.Fuzz(func(t *testing.T, journal []byte) {
		if undone := undo(bytes.Clone(image), journal); len(undone) > len(image) {
			t.Errorf("%d bytes became %d", len(image), len(undone))
		}
	})
}
