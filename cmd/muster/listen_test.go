package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestWebhookListen has webhooks of a running service received on this machine. They are the
// events of the history that the filter lets pass, and the subscription is gone at the end.
func TestWebhookListen(t *testing.T) {
	t.Parallel()
	p := serving(t, t.TempDir(), nativeOnly, "--webhook-allow-private")
	s := p.api.found()
	add := func() { p.api.must(201, "POST", s.members(), editor(uuid.NewString())) }
	for range 5 {
		add()
	}
	listen := muster(t.Context(), "webhook", "listen", "--listen", "127.0.0.1:0", "--url", p.api.url, "--token", processToken,
		"--organization", s.org, "--type", "member.added", "--from", "earliest", "--format", "jsonl")
	var notes bytes.Buffer
	listen.Stderr = &notes
	out, err := listen.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := listen.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(patience, func() { _ = listen.Process.Kill() }).Stop()
	var got []string
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for len(got) < 9 && lines.Scan() { // the owner too
		if got = append(got, lines.Text()); len(got) == 4 {
			for range 3 {
				add()
			}
		}
	}
	if err := listen.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := listen.Wait(); err != nil {
		t.Errorf("%v: %s", err, &notes)
	}
	want := slices.DeleteFunc(p.api.history(s), func(event string) bool { return !strings.Contains(event, `"type":"muster.member.added"`) })
	if !slices.Equal(got, want) {
		t.Errorf("received\n%s\nof\n%s\nand noted %s", strings.Join(got, "\n"), strings.Join(want, "\n"), &notes)
	}
	var left struct{ Items []json.RawMessage }
	if err := json.Unmarshal(p.api.must(200, "GET", "/v1/organizations/"+s.org+"/subscriptions", "").body, &left); err != nil || len(left.Items) != 0 {
		t.Errorf("there are the subscriptions %s, %v", left.Items, err)
	}
}

// Without the flag of the service no webhook can be sent here, and the error says so.
func TestWebhookListenRefused(t *testing.T) {
	t.Parallel()
	p := serving(t, t.TempDir(), nativeOnly)
	s := p.api.found()
	out, err := muster(t.Context(), "webhook", "listen", "--listen", "127.0.0.1:0", "--url", p.api.url, "--token", processToken, "--organization", s.org).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "run the service with --webhook-allow-private") {
		t.Errorf("%v: %s", err, out)
	}
}
