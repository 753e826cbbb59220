package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/muster-dev/muster/subscriber"
)

// texts returns the notices in their order, and whether there is one for the event.
func texts(t *testing.T, file string, event string) (all []string, found bool) {
	t.Helper()
	n, err := openNotices(file)
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	rows, err := n.db.QueryContext(t.Context(), "SELECT text FROM notice ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
		found = found || strings.Contains(text, event)
	}
	return all, found
}

// history returns the events about members.
func (s *service) history(organization string) (all []subscriber.Event) {
	s.t.Helper()
	for after := "earliest"; ; {
		var page struct {
			Items []subscriber.Event
			Next  *string `json:"next_cursor"`
		}
		s.must("GET", "/v1/organizations/"+organization+"/events?page_size=200&type=muster.member.*&after="+after, nil, &page)
		all = append(all, page.Items...)
		if page.Next == nil {
			return all
		}
		after = *page.Next
	}
}

// same fails the test unless there is one notice for each event, in order.
func same(t *testing.T, notices []string, events []subscriber.Event) {
	t.Helper()
	want := make([]string, len(events))
	for i, e := range events {
		want[i] = fmt.Sprintf("%s in workspace %s (%s)", e.Type, e.WorkspaceID, e.ID)
	}
	if !slices.Equal(notices, want) {
		t.Errorf("%d notices for %d events, or others", len(notices), len(want))
	}
}

// The program and the service are killed again and again while the program follows the
// stream. There is one notice for each event.
func TestFollowKilled(t *testing.T) {
	s := serve(t)
	organization, workspace, token := s.found()
	file := filepath.Join(t.TempDir(), "cursor.db")
	p := cursor(t, "MUSTER_TOKEN="+token, "-db", file, "-url", s.url, "follow")
	for round, member := 0, 0; round < 12; round++ {
		p.start()
		for range 20 {
			s.add(workspace, member)
			member++
		}
		switch {
		case round == 6:
			s.kill()
			s.start()
		case round%3 == 0: // the program has come to the end
			await(t, file, s.history(organization))
		default: // the program may be anywhere
			time.Sleep(time.Duration(rand.N(60)) * time.Millisecond)
		}
		p.kill()
	}
	p.start()
	events := s.history(organization)
	await(t, file, events)
	p.kill()
	notices, _ := texts(t, file, "")
	same(t, notices, events)
	if len(events) != 12*20+1 {
		t.Errorf("%d events", len(events))
	}
}

// await waits until there is a notice for the last event.
func await(t *testing.T, file string, events []subscriber.Event) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		all, found := texts(t, file, events[len(events)-1].ID)
		if found {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v there are %d notices for %d events", patience, len(all), len(events))
		}
	}
}

// The program is killed again and again while it receives webhooks, which are repeated until
// it responds, and sometimes although it has responded. There is one notice for each event.
func TestReceiveKilled(t *testing.T) {
	s := serve(t)
	organization, workspace, _ := s.found()
	for member := range 60 {
		s.add(workspace, member)
	}
	events := s.history(organization)
	secret := "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	former := "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{8}, 32))
	file := filepath.Join(t.TempDir(), "cursor.db")
	p := cursor(t, "MUSTER_WEBHOOK_SECRET="+former+","+secret, "-db", file, "-listen", "127.0.0.1:0", "receive")
	url := p.start()
	killed := 0
	for len(events) > 0 {
		size := min(1+rand.N(5), len(events))
		if rand.N(4) == 0 { // while it is at work, with luck
			running := p.cmd.Process
			time.AfterFunc(time.Duration(rand.N(3000))*time.Microsecond, func() { _ = running.Kill() })
			_ = deliver(t, url, secret, events[:size])
			p.kill()
			killed++
			url = p.start()
		}
		if err := deliver(t, url, secret, events[:size]); err != nil {
			t.Fatal(err)
		}
		if rand.N(5) > 0 {
			events = events[size:]
		}
	}
	p.kill()
	notices, _ := texts(t, file, "")
	same(t, notices, s.history(organization))
	t.Logf("killed %d times", killed)
}

// The same with a subscription of the service, which is killed as well: the receiver fails, is
// away, and comes back at the same address. Muster tries again, and there is one notice for
// each event.
func TestReceiveSubscription(t *testing.T) {
	s := serve(t)
	organization, workspace, _ := s.found()
	address := free(t)
	var made struct{ Secret string }
	s.must("POST", "/v1/organizations/"+organization+"/subscriptions", map[string]any{
		"name": "notices", "kind": "webhook", "url": "http://" + address + "/", "from": "earliest", "types": []string{"muster.member.*"}, "batch": 5,
	}, &made)
	file := filepath.Join(t.TempDir(), "cursor.db")
	p := cursor(t, "MUSTER_WEBHOOK_SECRET="+made.Secret, "-db", file, "-listen", address, "receive")
	for round := range 4 {
		p.start()
		for member := range 20 {
			s.add(workspace, 20*round+member)
		}
		switch round {
		case 0, 3:
			await(t, file, s.history(organization))
		case 1:
			s.kill()
			s.start()
		}
		p.kill()
	}
	notices, _ := texts(t, file, "")
	same(t, notices, s.history(organization))
}

// free returns an address that nothing listens on.
func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// deliver sends the events as Muster does, and returns an error unless they were handled.
func deliver(t *testing.T, url, secret string, events []subscriber.Event) error {
	t.Helper()
	raw := make([]json.RawMessage, len(events))
	for i, e := range events {
		raw[i] = e.Raw
	}
	body, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	now, last := time.Now(), events[len(events)-1].ID
	signature, err := signer.Sign(last, now, body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/cloudevents-batch+json")
	r.Header.Set("Webhook-Id", last)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("Webhook-Signature", signature)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("the response is %s", response.Status)
	}
	return nil
}
