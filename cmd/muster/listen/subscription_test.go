package listen

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/muster-dev/muster/transport/webhook"
)

// The command makes a subscription to its own address, receives events of it even before it
// has the response, and deletes it.
func TestListenSubscription(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	sender := webhook.NewSender(webhook.Options{AllowPrivate: true})
	defer sender.Close()
	early := make(chan webhook.Result, 1)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		asked = append(asked, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Header.Get("Authorization"), r.Method, r.URL, body)))
		mu.Unlock()
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		url := regexp.MustCompile(`http://[^"]+`).FindString(string(body))
		go func() {
			result, _ := sender.Send(context.WithoutCancel(r.Context()), webhook.Endpoint{URL: url, Secrets: []webhook.Secret{secretOf(9)}}, [][]byte{eventText(1)})
			early <- result
		}()
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id":"01a2026d-0000-75b7-9eb1-2d22381a2b8f","secret":%q}`, secretOf(9).Text())
	}))
	defer service.Close()
	l := listen(t, "--url", service.URL, "--token", "tot_x", "--organization", organization, "--type", "member.*,muster.user.profile_set", "--profiles")
	if r := <-early; r.Status != http.StatusNoContent {
		t.Errorf("%+v", r)
	}
	sender.Close()
	if err := l.stop(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(l.notes.String(), "Deleted the subscription 01a2026d-0000-75b7-9eb1-2d22381a2b8f\n") {
		t.Errorf("it noted %s", l.notes)
	}
	path := "/v1/organizations/" + organization + "/subscriptions"
	want := []string{
		"Bearer tot_x POST " + path + ` {"name":"NAME","kind":"webhook","url":"` + l.url + `","types":["muster.member.*","muster.user.profile_set"],"from":"latest","include":["profile"]}`,
		"Bearer tot_x DELETE " + path + "/01a2026d-0000-75b7-9eb1-2d22381a2b8f",
	}
	asked[0] = regexp.MustCompile(`"name":"muster webhook listen, .*?"`).ReplaceAllString(asked[0], `"name":"NAME"`)
	if !slices.Equal(asked, want) {
		t.Errorf("it asked for %q", asked)
	}
}

// A subscription that could not be deleted is an error, which names it: it would stay.
func TestListenCannotDelete(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"code":"unavailable","detail":"later"}`)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id":"01a2026d-0000-75b7-9eb1-2d22381a2b8f","secret":%q}`, secretOf(9).Text())
	}))
	defer service.Close()
	l := listen(t, "--url", service.URL, "--token", "tot_x", "--organization", organization)
	if err := l.stop(); err == nil || err.Error() != "the subscription 01a2026d-0000-75b7-9eb1-2d22381a2b8f was not deleted: unavailable: later" {
		t.Error(err)
	}
	if strings.Contains(l.notes.String(), "Deleted") {
		t.Errorf("it noted %s", l.notes)
	}
}
