package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/muster-dev/muster/transport/webhook"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// A request is as Standard Webhooks and CloudEvents want it, and their library verifies it.
func TestSend(t *testing.T) {
	t.Parallel()
	r := receive(t, nil)
	to := r.endpoint()
	result := send(t, r.sender(t), to, webhook.Delivered)
	if result.Status != 204 || result.Error != "" || result.Cause != nil || result.Latency <= 0 || result.At.IsZero() {
		t.Errorf("the result is %+v", result)
	}
	got := r.requests()
	if len(got) != 1 {
		t.Fatalf("there are %d requests", len(got))
	}
	in := got[0]
	equal(t, "request line", in.method+" "+in.path, "POST /hooks?a=b")
	equal(t, "body", string(in.body), string(stored(t, "member.added.1")))
	equal(t, "length", in.length, int64(len(in.body)))
	header := in.header.Clone()
	verify(t, to.Secrets[0], in)
	equal(t, "webhook-timestamp", header.Get("webhook-timestamp"), fmt.Sprint(result.At.Unix()))
	header.Del("webhook-timestamp")
	header.Del("webhook-signature")
	equal(t, "header", header, http.Header{
		"Content-Length": {fmt.Sprint(len(in.body))}, "Content-Type": {"application/cloudevents+json"},
		"User-Agent": {"Muster/1.2.3"}, "Webhook-Id": {"01KK047BWHEHJPWV35EHT6AWKK"},
	})
}

// verify fails the test unless the library of Standard Webhooks verifies the request.
func verify(t *testing.T, s webhook.Secret, in request) {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(s.Text())
	if err == nil {
		err = w.Verify(in.body, in.header)
	}
	if err != nil {
		t.Errorf("the request is not verified: %v", err)
	}
}

// During a rotation both secrets verify a request, the current one first. Others do not.
func TestSendWithTwoSecrets(t *testing.T) {
	t.Parallel()
	r := receive(t, nil)
	to := r.endpoint()
	to.Secrets = []webhook.Secret{secret(2), secret(1)}
	send(t, r.sender(t), to, webhook.Delivered)
	in := r.requests()[0]
	verify(t, secret(1), in)
	verify(t, secret(2), in)
	signatures := strings.Split(in.header.Get("webhook-signature"), " ")
	if len(signatures) != 2 {
		t.Fatalf("the signatures are %q", signatures)
	}
	in.header.Set("webhook-signature", signatures[0])
	verify(t, secret(2), in)
	w, _ := standardwebhooks.NewWebhook(secret(3).Text())
	if err := w.Verify(in.body, in.header); !errors.Is(err, standardwebhooks.ErrNoMatchingSignature) {
		t.Errorf("a foreign secret: %v", err)
	}
}

// A batch is a JSON array, also of one event, and has the id of its last event.
func TestSendBatch(t *testing.T) {
	t.Parallel()
	r := receive(t, nil)
	to := r.endpoint()
	to.Batch = true
	first := stored(t, "member.added.1")
	second := bytes.Replace(first, []byte("01KK047BWHEHJPWV35EHT6AWKK"), []byte("01KK047BWHEHJPWV35EHT6AWKM"), 1)
	s := r.sender(t)
	for events, want := range map[string]string{
		string(first):                         "[" + string(first) + "]",
		string(first) + "\n" + string(second): "[" + string(first) + "," + string(second) + "]",
	} {
		list := bytes.Split([]byte(events), []byte("\n"))
		result, err := s.Send(t.Context(), to, list)
		if err != nil || result.Outcome != webhook.Delivered {
			t.Fatalf("%+v, %v", result, err)
		}
		got := r.requests()
		in := got[len(got)-1]
		verify(t, to.Secrets[0], in)
		equal(t, "body", string(in.body), want)
		equal(t, "content-type", in.header.Get("content-type"), "application/cloudevents-batch+json")
		equal(t, "webhook-id", in.header.Get("webhook-id"), map[int]string{1: "01KK047BWHEHJPWV35EHT6AWKK", 2: "01KK047BWHEHJPWV35EHT6AWKM"}[len(list)])
	}
}

// What cannot be prepared is not sent: never more than the endpoint may see, and nothing
// without a signature.
func TestSendUnfit(t *testing.T) {
	t.Parallel()
	r := receive(t, nil)
	s := r.sender(t)
	for name, events := range map[string][][]byte{
		"none": nil, "one too many": {stored(t, "member.added.1"), stored(t, "member.added.1")}, "not JSON": {[]byte("x")}, "no id": {[]byte(`{"data":{}}`)},
		"twice": {[]byte(`{"id":"01KK047BWHEHJPWV35EHT6AWKK","data":{"profile":{},"profile":{}}}`)},
	} {
		result, err := s.Send(t.Context(), r.endpoint(), events)
		if err != nil || result.Outcome != webhook.Failed || result.Error == "" || result.Cause == nil {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
	}
	to := r.endpoint()
	to.Secrets = nil
	send(t, s, to, webhook.Failed)
	if n := r.connections.Load(); n != 0 {
		t.Errorf("there are %d connections", n)
	}
}

// A caller that stops is no failure of the endpoint.
func TestSendInterrupted(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	r := receive(t, func(_ http.ResponseWriter, in *http.Request) {
		close(arrived)
		<-in.Context().Done()
	})
	stopped := errors.New("stopped")
	ctx, stop := context.WithCancelCause(t.Context())
	go func() {
		<-arrived
		stop(stopped)
	}()
	if _, err := r.sender(t).Send(ctx, r.endpoint(), [][]byte{stored(t, "member.added.1")}); !errors.Is(err, stopped) {
		t.Errorf("the error is %v", err)
	}
}

// Connections are used again.
func TestConnections(t *testing.T) {
	t.Parallel()
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "thanks") })
	s := r.sender(t)
	for range 3 {
		equal(t, "answer", send(t, s, r.endpoint(), webhook.Delivered).Answer, "thanks")
	}
	if n := r.connections.Load(); n != 1 {
		t.Errorf("there are %d connections for three events", n)
	}
}

// An endpoint that hangs does not hold up another one of the same host.
func TestHanging(t *testing.T) {
	t.Parallel()
	const hanging = 50
	arrived, stop := make(chan struct{}, hanging), make(chan struct{})
	r := receive(t, func(w http.ResponseWriter, in *http.Request) {
		if in.URL.Path == "/hang" {
			arrived <- struct{}{}
			<-stop
		}
	})
	s := r.sender(t)
	done := make(chan error, hanging)
	for range hanging {
		go func() {
			_, err := s.Send(t.Context(), webhook.Endpoint{URL: r.URL + "/hang", Secrets: []webhook.Secret{secret(1)}}, [][]byte{stored(t, "member.added.1")})
			done <- err
		}()
	}
	for range hanging {
		<-arrived
	}
	if took := send(t, s, r.endpoint(), webhook.Delivered).Latency; took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	close(stop)
	for range hanging {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
