package store

import (
	"bytes"
	"errors"
	"testing"
)

// An event of a type that this version does not know may be one of a newer version, if the
// message continues the chain.
func TestRepairSaysWhatMayBeNewer(t *testing.T) {
	l := taint(t, false)
	s, err := Open(t.Context(), l.Options)
	if err != nil {
		t.Fatal(err)
	}
	e := following(t, l.valid, 1)
	e.Payload = bytes.Replace(e.Payload, []byte("workspace.archived"), []byte("workspace.teleported"), 1)
	if err := errors.Join(s.Partitions[0].Append(t.Context(), e), s.Close()); err != nil {
		t.Fatal(err)
	}
	r := l.open()
	defer l.close(r)
	if found, err := r.Survey(t.Context(), nil); err != nil || !found.Newer() || found.Valid != l.valid {
		t.Errorf("%+v, %v", found, err)
	}
}
