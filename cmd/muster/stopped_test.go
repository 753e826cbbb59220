package main

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// A partition with a message that cannot be understood keeps neither the others nor the
// service from starting again.
func TestAStoppedPartitionStopsNoOther(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := serving(t, data, "--partitions", "2")
	sites := p.everyPartition(2)
	p.stop()
	misunderstood(t, data, 0)

	p.addr = "127.0.0.1:0"
	p.start()
	said := p.says("serving without what has stopped, and not ready")
	p.api.url = said.URL
	if !strings.Contains(said.Error, "partition 0:") {
		t.Errorf("the error does not name the partition: %s", said.Error)
	}
	if r, err := p.api.do("GET", "/readyz", ""); err != nil || r.status != http.StatusServiceUnavailable || !strings.Contains(string(r.body), "partition 0:") {
		t.Errorf("ready: %v %d %s", err, r.status, r.body)
	}
	if r, err := p.api.do("POST", sites[0].members(), editor(uuid.NewString())); err != nil || r.status != http.StatusServiceUnavailable {
		t.Errorf("a command to the partition that has stopped: %v %d %s", err, r.status, r.body)
	}
	p.api.must(200, "GET", sites[0].members(), "")
	added := uuid.NewString()
	p.api.must(201, "POST", sites[1].members(), editor(added))
	p.api.must(200, "GET", sites[1].members(), "")
	if strings.Contains(p.log.String(), `"listening"`) {
		t.Error("it says that it is ready")
	}
	p.stop()
}

// misunderstood appends a message to the partition that no version understands.
func misunderstood(t *testing.T, data string, partition int) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: data, Partitions: 2, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	log := s.Partitions[partition]
	tip, err := log.Tip(t.Context())
	if err == nil {
		err = log.Append(t.Context(), wire.Next(tip, "nobody", []byte(`[{"nonsense":true}]`)))
	}
	if closed := s.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
}

// says waits until the process has logged the message, and returns the line.
func (p *process) says(message string) logLine {
	p.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if line, ok := p.log.find(message); ok {
			return line
		}
		select {
		case <-p.ended:
			p.t.Fatalf("it has ended:\n%s", p.log.last(5))
		default:
		}
	}
	p.t.Fatalf("it does not say %q:\n%s", message, p.log.last(40))
	return logLine{}
}
