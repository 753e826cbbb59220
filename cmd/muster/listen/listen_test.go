package listen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/transport/webhook"
)

const organization = "01a2026d-33e3-75b7-9eb1-2d22381a2b8f"

func secretOf(b byte) webhook.Secret { return webhook.Secret(bytes.Repeat([]byte{b}, 32)) }

func eventText(number int) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"01M816TD4BQVYYV1WVJ9%06d","source":"/organizations/%s","type":"muster.member.added",`+
		`"subject":"workspaces/w/members/u","time":"2026-11-22T08:44:01.035Z","datacontenttype":"application/json","sequence":"0-%d",`+
		`"organizationid":"%[2]s","data":{"membership_id":"m","role":"viewer"}}`, number, organization, number)
}

// output is what a command has written. It can be read meanwhile.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	more  chan struct{}
	fails error
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fails != nil {
		return 0, o.fails
	}
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the output matches, and returns the first group.
func (o *output) await(t *testing.T, pattern string) string {
	t.Helper()
	wanted, deadline := regexp.MustCompile(pattern), time.After(time.Minute)
	for {
		if found := wanted.FindStringSubmatch(o.String()); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-o.more:
		case <-deadline:
			t.Fatalf("there is no %s in %s", pattern, o)
		}
	}
}

// listening is a command that listens.
type listening struct {
	t          *testing.T
	url        string
	out, notes *output
	ended      chan error
	end        context.CancelFunc
	sender     *webhook.Sender
}

// listen runs the command until the test ends.
func listen(t *testing.T, args ...string) *listening {
	t.Helper()
	l := start(t, args...)
	l.url = l.notes.await(t, `at (http://\S+)\n`)
	return l
}

func start(t *testing.T, args ...string) *listening {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &listening{
		t: t, out: newOutput(), notes: newOutput(), ended: make(chan error, 1), end: cancel,
		sender: webhook.NewSender(webhook.Options{AllowPrivate: true, Version: "1"}),
	}
	root := &cobra.Command{
		Use: "muster", SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return terminal.ReadEnvironment(cmd.Flags()) },
	}
	root.AddCommand(New())
	root.SetArgs(append([]string{"webhook", "listen", "--listen", "127.0.0.1:0"}, args...))
	root.SetOut(l.out)
	root.SetErr(l.notes)
	go func() { l.ended <- root.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		cancel()
		l.sender.Close()
	})
	return l
}

// stop interrupts the command and returns its error.
func (l *listening) stop() error {
	l.sender.Close()
	l.end()
	return <-l.ended
}

// send sends the events, and returns the status of the response and what came of it.
func (l *listening) send(secret webhook.Secret, batch bool, events ...[]byte) webhook.Result {
	l.t.Helper()
	r, err := l.sender.Send(l.t.Context(), webhook.Endpoint{URL: l.url, Secrets: []webhook.Secret{secret}, Batch: batch, Profile: true}, events)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

// What Muster sends is verified with each of the secrets, and printed.
func TestListen(t *testing.T) {
	l := listen(t, "--secret", secretOf(1).Text()+","+secretOf(2).Text())
	for i, secret := range []webhook.Secret{secretOf(1), secretOf(2)} {
		if r := l.send(secret, false, eventText(i+1)); r.Status != http.StatusNoContent {
			t.Errorf("secret %d: %+v", i, r)
		}
	}
	l.send(secretOf(1), true, eventText(3), eventText(4))
	if r := l.send(secretOf(3), false, eventText(5)); r.Status != http.StatusUnauthorized || !strings.Contains(r.Answer, "not signed with the secret") {
		t.Errorf("another secret: %+v", r)
	}
	if err := l.stop(); err != nil {
		t.Error(err)
	}
	var want strings.Builder
	for i := 1; i <= 4; i++ {
		fmt.Fprintf(&want, "2026-11-22T08:44:01.035Z  204  0-%d      member.added                 workspaces/w/members/u  role viewer\n", i)
	}
	if l.out.String() != want.String() {
		t.Errorf("it printed\n%s, not\n%s", l.out, &want)
	}
	if !strings.Contains(l.notes.String(), "401 to POST from 127.0.0.1:") {
		t.Errorf("it noted %s", l.notes)
	}
}

// Events are printed byte for byte, and the secret can come from the environment.
func TestListenJSONLines(t *testing.T) {
	t.Setenv("MUSTER_WEBHOOK_SECRET", secretOf(1).Text())
	l := listen(t, "--format", "jsonl", "--status", "503")
	if r := l.send(secretOf(1), true, eventText(1), eventText(2)); r.Status != http.StatusServiceUnavailable {
		t.Errorf("%+v", r)
	}
	if _, err := l.sender.Ping(t.Context(), webhook.Endpoint{URL: l.url, Secrets: []webhook.Secret{secretOf(1)}}, [16]byte{1}, [16]byte{2}); err != nil {
		t.Fatal(err)
	}
	if err := l.stop(); err != nil {
		t.Error(err)
	}
	lines := strings.SplitAfter(l.out.String(), "\n")
	if len(lines) != 4 || lines[0] != string(eventText(1))+"\n" || lines[1] != string(eventText(2))+"\n" || !strings.Contains(lines[2], webhook.PingType) {
		t.Errorf("it printed\n%s", l.out)
	}
}

// The receiver gets the request as Muster has sent it, and Muster the receiver's response.
func TestListenForward(t *testing.T) {
	var got http.Request
	var body []byte
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, body = *r, nil
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Retry-After", "70")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, "later")
	}))
	l := listen(t, "--secret", secretOf(1).Text(), "--forward-to", behind.URL+"/hooks?a=b")
	r := l.send(secretOf(1), false, eventText(1))
	if r.Status != http.StatusTooManyRequests || r.RetryAfter != 70*time.Second || r.Answer != "later" {
		t.Errorf("%+v", r)
	}
	if got.URL.String() != "/hooks?a=b" || !bytes.Equal(body, eventText(1)) || "http://"+got.Host != behind.URL {
		t.Errorf("the receiver got %s at %s: %s", got.URL, got.Host, body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/cloudevents+json", "User-Agent": "Muster/1", "Webhook-Id": "01M816TD4BQVYYV1WVJ9000001", "X-Forwarded-For": "",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q", name, got.Header.Get(name))
		}
	}
	if got.Header.Get("Webhook-Signature") == "" || got.Header.Get("Webhook-Timestamp") == "" {
		t.Errorf("the headers were %v", got.Header)
	}
	behind.Close()
	if r := l.send(secretOf(1), false, eventText(2)); r.Status != http.StatusBadGateway {
		t.Errorf("a receiver that does not run: %+v", r)
	}
	if err := l.stop(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(l.notes.String(), "/hooks?a=b has not responded: ") || strings.Count(l.out.String(), "member.added") != 2 {
		t.Errorf("it noted %s and printed %s", l.notes, l.out)
	}
}

// Output that cannot be written ends the command.
func TestListenOutputFails(t *testing.T) {
	l := listen(t, "--secret", secretOf(1).Text())
	l.out.mu.Lock()
	l.out.fails = errors.New("the pipe is broken")
	l.out.mu.Unlock()
	l.send(secretOf(1), false, eventText(1))
	l.sender.Close()
	if err := <-l.ended; !errors.Is(err, l.out.fails) {
		t.Error(err)
	}
}

// Errors of the command line say what to do.
func TestListenUsage(t *testing.T) {
	t.Setenv("MUSTER_WEBHOOK_SECRET", "")
	for want, args := range map[string]string{
		"no secret to verify with: give that of a subscription (--secret or MUSTER_WEBHOOK_SECRET), or --organization": "",
		"a webhook secret is expected: whsec_ and 32 bytes in base64":                                                  "--secret whsec_x",
		"--secret and --organization exclude each other":                                                               "--secret SECRET --organization ORG",
		"--type is for the subscription that --organization makes":                                                     "--secret SECRET --type member.*",
		"--from is for the subscription that --organization makes":                                                     "--secret SECRET --from earliest",
		"--status and --forward-to exclude each other":                                                                 "--secret SECRET --status 500 --forward-to http://127.0.0.1:1",
		"a status from 200 to 599 is expected":                                                                         "--secret SECRET --status 199",
		"an address like http://localhost:8000/hooks is expected":                                                      "--secret SECRET --forward-to localhost:8000",
		"one of table, jsonl is expected":                                                                              "--secret SECRET --format json",
		"--listen 192.0.2.1:1: ":                                                                                       "--secret SECRET --listen 192.0.2.1:1",
		"cannot be reached":                                                                                            "--organization ORG --token tot_x --url http://127.0.0.1:1",
	} {
		args = strings.NewReplacer("SECRET", secretOf(1).Text(), "ORG", organization).Replace(args)
		l := start(t, strings.Fields(args)...)
		select {
		case err := <-l.ended:
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", args, err)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s: the command listens", args)
		}
	}
}

// What is not from Muster, or was changed on its way, is refused with a reason.
func TestListenRefuses(t *testing.T) {
	l := listen(t, "--secret", secretOf(1).Text())
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	ask := func(method string, header http.Header) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, l.url, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	for _, c := range []struct {
		method string
		header http.Header
		status int
		want   string
	}{
		{"GET", http.Header{}, 405, "sent with POST"},
		{"POST", http.Header{}, 401, "webhook-id, webhook-timestamp and webhook-signature are expected"},
		{"POST", http.Header{"Webhook-Id": {"1"}, "Webhook-Timestamp": {"1"}, "Webhook-Signature": {"v1,x"}}, 401, "compare the clocks"},
		{"POST", http.Header{"Webhook-Id": {"1"}, "Webhook-Timestamp": {"now"}, "Webhook-Signature": {"v1,x"}}, 401, "the headers cannot be read"},
	} {
		if status, text := ask(c.method, c.header); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %v: %d %s", c.method, c.header, status, text)
		}
	}
	if l.out.String() != "" {
		t.Errorf("it printed %s", l.out)
	}
}
