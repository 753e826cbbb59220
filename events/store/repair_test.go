package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/wire"
)

// tainted is a log of one partition with an injected message at its end.
type tainted struct {
	Options
	t     *testing.T
	valid wire.Checkpoint
	js    jetstream.JetStream // nil for an embedded log, on which no server runs
}

// taint makes a log with some messages, and injects messages behind them.
func taint(t *testing.T, external bool, injected ...*nats.Msg) *tainted {
	t.Helper()
	l := &tainted{Options: Options{Dir: t.TempDir(), Partitions: 1, Logger: quiet()}, t: t}
	if external {
		l.URL = natstest.Outside(t)
		conn, err := nats.Connect(l.URL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		if l.js, err = jetstream.New(conn); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), l.Options)
	if err != nil {
		t.Fatal(err)
	}
	all := write(t, s.Partitions[0], 1, 2, 3, 1)
	l.valid = all[len(all)-1]
	s.SetMark(all[2])
	for _, msg := range injected {
		if _, err := s.JS.PublishMsg(t.Context(), msg); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return l
}

func garbage(text string) *nats.Msg { return &nats.Msg{Subject: logSubject(0), Data: []byte(text)} }

// open opens the log for repair.
func (l *tainted) open() *Repair {
	l.t.Helper()
	o := l.Options
	if o.URL != "" {
		o.Dir = ""
	}
	r, err := OpenRepair(l.t.Context(), o, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

func (l *tainted) close(r *Repair) {
	l.t.Helper()
	if err := r.Close(); err != nil {
		l.t.Fatal(err)
	}
}

// repair repairs the log, or finishes that.
func (l *tainted) repair() {
	l.t.Helper()
	r := l.open()
	defer l.close(r)
	if at, pending := r.Pending(); pending {
		if at.Position != l.valid.Position || at.Message != l.valid.Message || at.Hash != l.valid.Hash {
			l.t.Fatalf("%+v was interrupted, not %+v", at, l.valid)
		}
		if err := r.Finish(l.t.Context(), nil); err != nil {
			l.t.Fatal(err)
		}
		return
	}
	s, err := r.Survey(l.t.Context(), nil)
	if err != nil || s.Valid != l.valid || s.Reason == nil {
		l.t.Fatalf("%+v, %v", s, err)
	}
	if err := r.Cut(l.t.Context(), s, nil); err != nil {
		l.t.Fatal(err)
	}
}

// works opens the log, which must end where it is valid, and appends to it.
func (l *tainted) works() {
	t := l.t
	t.Helper()
	s, err := Open(t.Context(), l.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if tip, err := s.Partitions[0].Tip(t.Context()); err != nil || tip != l.valid {
		t.Errorf("the log ends with %+v, not %+v: %v", tip, l.valid, err)
	}
	read := make(chan wire.Message, 10)
	if err := s.Partitions[0].Read(t.Context(), wire.Checkpoint{}, &l.valid, read); err != nil || len(read) != int(l.valid.Message) {
		t.Errorf("%d messages are read: %v", len(read), err)
	}
	write(t, s.Partitions[0], 2)
	info, err := s.JS.Stream(t.Context(), logStream(0))
	if err != nil {
		t.Fatal(err)
	}
	c := info.CachedInfo().Config
	if !c.DenyDelete || !c.DenyPurge || len(c.Subjects) != 1 || c.Subjects[0] != logSubject(0) || c.SubjectTransform != nil || c.Metadata[metaLog] != s.marker.Log || c.Metadata[metaRepair] != "" {
		t.Errorf("the new stream is not like the old one: %+v", c)
	}
	if names := streamsOf(t, s.JS); strings.Contains(names, "REPAIR") {
		t.Errorf("the repair has left %s", names)
	}
}

func streamsOf(t *testing.T, js jetstream.JetStream) string {
	t.Helper()
	var all []string
	names := js.StreamNames(t.Context())
	for name := range names.Name() {
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// What was injected is cut off, and nothing else. Afterwards the log can be written to.
func TestRepair(t *testing.T) {
	for _, external := range []bool{false, true} {
		t.Run(fmt.Sprintf("external %t", external), func(t *testing.T) {
			l := taint(t, external, garbage("nonsense"), garbage("\xff\x00"), &nats.Msg{Subject: logSubject(0), Header: nats.Header{"Muster-First": {"1"}}})
			r := l.open()
			s, err := r.Survey(t.Context(), nil)
			if err != nil || s.Last != l.valid.Message+3 {
				t.Fatalf("%+v, %v", s, err)
			}
			var backup bytes.Buffer
			if n, err := r.Backup(t.Context(), s, &backup); err != nil || n != 3 {
				t.Fatalf("%d messages are kept: %v", n, err)
			}
			l.close(r)
			var kept []CutMessage
			for d := json.NewDecoder(&backup); d.More(); {
				var m CutMessage
				if err := d.Decode(&m); err != nil {
					t.Fatal(err)
				}
				kept = append(kept, m)
			}
			if *kept[0].Payload != "nonsense" || string(kept[1].PayloadBase64) != "\xff\x00" || !strings.Contains(*kept[2].Headers, "Muster-First: 1\r\n") ||
				kept[2].Sequence != s.Last || kept[0].Subject != logSubject(0) || kept[0].Time.IsZero() {
				t.Errorf("the backup holds %+v", kept)
			}
			l.repair()
			l.works()
		})
	}
}

// A repair that was interrupted in any place is finished by another one, and no service starts
// on half a log.
func TestInterruptedRepair(t *testing.T) {
	refused := func(l *tainted) {
		l.t.Helper()
		o := l.Options
		for _, dir := range []string{l.Dir, l.t.TempDir()} { // that of a node, and that of a new one
			if l.URL == "" && dir != l.Dir {
				continue
			}
			o.Dir = dir
			if s, err := Open(l.t.Context(), o); err == nil || !strings.Contains(err.Error(), "muster audit repair") && !errors.Is(err, ErrLogMissing) {
				l.t.Errorf("a service starts on half a log: %v", err)
				if err == nil {
					_ = s.Close()
				}
			}
		}
	}
	t.Run("embedded", func(t *testing.T) {
		// The copy was begun.
		l := taint(t, false, garbage("x"))
		if err := os.MkdirAll(filepath.Join(l.Dir, repairDir, streamsDir, logStream(0), "msgs"), 0o700); err != nil {
			t.Fatal(err)
		}
		l.repair()
		l.works()

		// The copy is complete, and the old stream in its place, or moved away.
		for _, moved := range []bool{false, true} {
			l := taint(t, false, garbage("x"))
			old := filepath.Join(l.Dir, streamsDir, logStream(0))
			kept := filepath.Join(t.TempDir(), "kept")
			if err := os.CopyFS(kept, os.DirFS(old)); err != nil {
				t.Fatal(err)
			}
			l.repair()
			made := filepath.Join(l.Dir, repairDir, streamsDir, logStream(0))
			if err := os.MkdirAll(filepath.Dir(made), 0o700); err != nil {
				t.Fatal(err)
			}
			m, _, err := (&directory{path: l.Dir}).marker()
			text, _ := json.Marshal(complete{m.Log, 0, markLine(l.valid)})
			err = errors.Join(err, os.Rename(old, made), os.WriteFile(filepath.Join(l.Dir, repairDir, completeFile), text, 0o600))
			if !moved {
				err = errors.Join(err, os.CopyFS(old, os.DirFS(kept)))
			}
			if err != nil {
				t.Fatal(err)
			}
			if moved {
				refused(l)
			}
			l.repair()
			l.works()
		}
	})
	t.Run("external", func(t *testing.T) {
		copied := func(state string) *tainted {
			l := taint(t, true, garbage("x"))
			r := l.open()
			defer l.close(r)
			c := r.copyConfig(state)
			c.Metadata[metaRepairValid] = markLine(l.valid)
			if _, err := l.js.CreateStream(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			last := l.valid.Message
			if state == repairCopying {
				last--
			}
			if err := copyTo(t.Context(), r.store.Conn, r.old, last, (*storedMessage).wrap, func(uint64, uint64) {}); err != nil {
				t.Fatal(err)
			}
			return l
		}
		l := copied(repairCopying)
		l.repair()
		l.works()

		l = copied(repairComplete)
		l.repair()
		l.works()

		l = copied(repairComplete) // the log's stream was deleted
		if err := l.js.DeleteStream(t.Context(), logStream(0)); err != nil {
			t.Fatal(err)
		}
		refused(l)
		l.repair()
		l.works()

		l = copied(repairComplete) // and is being filled
		if err := l.js.DeleteStream(t.Context(), logStream(0)); err != nil {
			t.Fatal(err)
		}
		if _, err := l.js.CreateStream(t.Context(), jetstream.StreamConfig{
			Name: logStream(0), Subjects: []string{refillSubject(0)}, Metadata: map[string]string{metaRepair: repairFilling},
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.js.Publish(t.Context(), refillSubject(0), nil); err != nil {
			t.Fatal(err)
		}
		refused(l)
		l.repair()
		l.works()
	})
}

// A message that repeats old events is not believed to be the end of the log.
func TestTipThatGoesBack(t *testing.T) {
	s, _ := start(t, t.TempDir())
	p := s.Partitions[0]
	all := write(t, p, 1, 2)
	s.SetMark(all[len(all)-1])
	e := following(t, wire.Checkpoint{}, 1)
	msg := garbage(string(e.Payload))
	msg.Header = nats.Header{}
	for name, value := range e.Headers() {
		msg.Header.Set(name, value)
	}
	if _, err := s.JS.PublishMsg(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	if tip, err := p.Tip(t.Context()); !errors.Is(err, ErrUnreadable) {
		t.Errorf("the log ends with %+v, %v", tip, err)
	}
	p.EndAt(all[len(all)-1])
	if tip, err := p.Tip(t.Context()); err != nil || tip != all[len(all)-1] {
		t.Errorf("the log ends with %+v, %v", tip, err)
	}
	if page, err := p.Page(t.Context(), wire.Checkpoint{}); err != nil || len(page) != 2 {
		t.Errorf("a page has %d messages: %v", len(page), err)
	}
}
