package main

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
)

// injections are what somebody can write into the log who holds the server's secret.
var injections = map[string]func(t *testing.T, i intruder){
	"bytes": func(t *testing.T, i intruder) {
		i.publish(t, &nats.Msg{Subject: i.subject, Data: []byte("\x00\xffnot an event")})
	},
	"a copy of the first message": func(t *testing.T, i intruder) { i.publish(t, i.stored(t, 1)) },
	"another chain": func(t *testing.T, i intruder) {
		msg := i.stored(t, i.last(t))
		msg.Header.Set("Muster-Previous", strings.Repeat("ab", 32))
		i.publish(t, msg)
	},
	"headers that cannot be read": func(t *testing.T, i intruder) {
		i.publish(t, &nats.Msg{Subject: i.subject, Header: nats.Header{"Muster-First": {"0"}, "Muster-Previous": {"x"}}})
	},
	"another subject": func(t *testing.T, i intruder) {
		stream, err := i.js.Stream(t.Context(), i.stream)
		if err != nil {
			t.Fatal(err)
		}
		config := stream.CachedInfo().Config
		config.Subjects = append(config.Subjects, "muster.log.other")
		if _, err := i.js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		i.publish(t, &nats.Msg{Subject: "muster.log.other", Data: []byte("[]")})
	},
}

// intruder is a client that holds the server's secret, and what it writes to.
type intruder struct {
	js              jetstream.JetStream
	stream, subject string
}

// intrude returns a client of partition 0.
func intrude(t *testing.T, url string) intruder {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return intruder{js, "MUSTER_LOG_00", "muster.log.00"}
}

func (i intruder) publish(t *testing.T, msg *nats.Msg) {
	t.Helper()
	if _, err := i.js.PublishMsg(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
}

func (i intruder) last(t *testing.T) uint64 {
	t.Helper()
	stream, err := i.js.Stream(t.Context(), i.stream)
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().State.LastSeq
}

// stored returns a copy of a message that could be published again.
func (i intruder) stored(t *testing.T, sequence uint64) *nats.Msg {
	t.Helper()
	stream, err := i.js.Stream(t.Context(), i.stream)
	if err != nil {
		t.Fatal(err)
	}
	m, err := stream.GetMsg(t.Context(), sequence)
	if err != nil {
		t.Fatal(err)
	}
	m.Header.Del(jetstream.ExpectedLastSeqHeader)
	return &nats.Msg{Subject: i.subject, Header: m.Header, Data: bytes.Clone(m.Data)}
}

// repaired repairs the log of the process, which does not run.
func (p *process) repaired(where []string, after string) {
	t := p.t
	t.Helper()
	repair := append([]string{"audit", "repair", "--truncate-after", after}, where...)
	if status, text := says(t, repair...); status != 2 {
		t.Errorf("repairing without saying yes: %d\n%s", status, text)
	}
	if status, text := says(t, append([]string{"audit", "verify"}, where...)...); status != 1 || !strings.Contains(text, "muster audit repair --truncate-after "+after) {
		t.Errorf("verifying: %d\n%s", status, text)
	}
	status, text := says(t, append(repair, "--dry-run")...)
	if status != 0 || !strings.Contains(text, "to cut: 1 message\n") {
		t.Errorf("showing what would be cut: %d\n%s", status, text)
	}
	t.Logf("dry run:\n%s", text)
	backup := filepath.Join(t.TempDir(), "cut.jsonl")
	status, text = says(t, append(repair, "--yes", "--backup", backup)...)
	if status != 0 {
		t.Fatalf("repairing: %d\n%s", status, text)
	}
	t.Logf("repaired:\n%s\n%s", text, readFile(p.t.(*testing.T), backup))
	if status, text := says(t, append([]string{"audit", "verify"}, where...)...); status != 0 {
		t.Errorf("verifying after the repair: %d\n%s", status, text)
	}
	status, text = says(t, append(repair, "--yes", "--backup", backup)...)
	if status != 0 || !strings.Contains(text, "nothing to cut") {
		t.Errorf("repairing again: %d\n%s", status, text)
	}
}

// What was injected stops its partition only, whether the service runs or not.
func TestInjectedMessageStopsItsPartition(t *testing.T) {
	t.Parallel()
	for _, external := range []bool{false, true} {
		for name, inject := range injections {
			where := "embedded, "
			if external {
				where = "external, "
			}
			t.Run(where+name, func(t *testing.T) {
				t.Parallel()
				data := t.TempDir()
				args := []string{"--partitions", "2", nativeOnly}
				url := ""
				if external {
					url = natstest.Outside(t)
					args = append(args, "--nats-url", url)
				} else {
					listen := natstest.Address(t)
					args = append(args, "--nats-listen", listen)
					url = "nats://SECRET@" + listen
				}
				p := serving(t, data, args...)
				if !external {
					url = strings.Replace(url, "SECRET", strings.TrimSpace(string(readFile(t, filepath.Join(data, "nats-token")))), 1)
				}
				sites := p.everyPartition(2)
				history := p.api.history(sites[0])
				inject(t, intrude(t, url))
				check := func(when string) {
					t.Helper()
					deadline := time.Now().Add(patience)
					for {
						r, err := p.api.do("GET", "/readyz", "")
						if err == nil && r.status == http.StatusServiceUnavailable && strings.Contains(string(r.body), "partition 0") {
							t.Logf("%s: ready: %s", when, r.body)
							break
						}
						if time.Now().After(deadline) {
							t.Fatalf("%s: ready: %v %d %s", when, err, r.status, r.body)
						}
						time.Sleep(5 * time.Millisecond)
					}
					r := p.api.must(503, "POST", sites[0].members(), editor(uuid.NewString()))
					t.Logf("%s: write: %s", when, r.body)
					p.api.must(200, "GET", sites[0].members(), "")
					if shown := p.api.history(sites[0]); len(shown) != len(history) {
						t.Errorf("%s: %d events are shown, not %d", when, len(shown), len(history))
					}
					p.api.must(201, "POST", sites[1].members(), editor(uuid.NewString()))
					p.api.must(200, "GET", sites[1].members(), "")
				}
				check("running")
				p.stop()
				p.start()
				p.says("serving without what has stopped, and not ready")
				check("started again")
				where := []string{"--data", data}
				if external {
					where = []string{"--nats-url", url}
				}
				ends := history[len(history)-1]
				after := parseEvent(t, ends).Sequence
				if status, text := says(t, append([]string{"audit", "repair", "--truncate-after", after, "--dry-run"}, where...)...); status != 1 || !strings.Contains(text, "use") {
					t.Errorf("repairing under a service that runs: %d\n%s", status, text)
				}
				p.stop()
				p.repaired(where, after)
				p.start()
				p.ready()
				if shown := p.api.history(sites[0]); len(shown) != len(history) || shown[len(shown)-1] != ends {
					t.Errorf("%d events are shown after the repair, not %d", len(shown), len(history))
				}
				p.api.must(201, "POST", sites[0].members(), editor(uuid.NewString()))
				p.api.must(201, "POST", sites[1].members(), editor(uuid.NewString()))
				p.stop()
				verified(t, append(where, "--data", data)...)
			})
		}
	}
}

// What is injected into the feed is set aside, and the feed is made again from the log.
func TestInjectedIntoTheFeed(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	p := serving(t, t.TempDir(), "--partitions", "1", nativeOnly, "--nats-url", url)
	s := p.api.found()
	history := p.api.history(s)
	i := intrude(t, url)
	i.publish(t, &nats.Msg{Subject: "muster.feed.00." + s.org + "._.member.added", Data: []byte("nonsense")})
	user := uuid.NewString()
	p.api.must(201, "POST", s.members(), editor(user))
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		shown := p.api.history(s)
		if len(shown) > 0 && strings.Contains(shown[len(shown)-1], user) && len(shown) > len(history) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events are shown, and there were %d before one was added", len(shown), len(history))
		}
	}
	for _, e := range p.api.history(s) {
		parseEvent(t, e)
	}
	p.api.must(200, "GET", "/readyz", "")
	p.stop()
	verified(t, "--nats-url", url)
}
