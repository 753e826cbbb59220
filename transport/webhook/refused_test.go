package webhook_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/webhook"
)

// inside are addresses that no subscriber may reach.
var inside = []string{
	"127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
	"169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1",
	"255.255.255.255", "168.63.129.16",
	"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
	"64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001::1", "fe80::1", "fec0::1", "fc00::1",
	"fd00:ec2::254", "ff02::1", "2001:db8::1", "100::1", "5f00::1",
}

// An address inside is refused, however it is written and however it is come by, and there
// are no connections. The same names lead to a connection if that is allowed.
func TestRefused(t *testing.T) {
	t.Parallel()
	r := receive(t, nil)
	_, port, err := net.SplitHostPort(r.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n := names{answers: map[string][][]netip.Addr{"both.example.com": {addrs("10.0.0.1", "127.0.0.1", "::1")}}}
	hosts := []string{"both.example.com", "localhost"}
	for i, text := range inside {
		name := fmt.Sprintf("inside-%d.example.com", i)
		n.answers[name] = [][]netip.Addr{addrs(text)}
		hosts = append(hosts, name)
		if strings.Contains(text, ":") {
			text = "[" + text + "]"
		}
		hosts = append(hosts, text)
	}
	resolver := n.resolver(t)
	s := sender(t, webhook.Options{RootCAs: r.roots(), Resolver: resolver})
	for _, host := range hosts {
		to := webhook.Endpoint{URL: "https://" + host + ":" + port + "/hooks", Secrets: []webhook.Secret{secret(1)}}
		result := send(t, s, to, webhook.Refused)
		if result.Status != 0 || !strings.Contains(result.Error, "not public") && host != "localhost" || strings.Contains(result.Error, "127.0.0.1") {
			t.Errorf("%s: %+v", host, result)
		}
		result, err := s.Ping(t.Context(), to, domain.OrganizationID{1}, domain.SubscriptionID{2})
		if err != nil || result.Outcome != webhook.Refused {
			t.Errorf("ping of %s: %+v, %v", host, result, err)
		}
	}
	if n := r.connections.Load(); n != 0 {
		t.Fatalf("there are %d connections", n)
	}
	s = sender(t, webhook.Options{RootCAs: r.roots(), Resolver: resolver, AllowPrivate: true})
	send(t, s, webhook.Endpoint{URL: "https://inside-0.example.com:" + port, Secrets: []webhook.Secret{secret(1)}}, webhook.Delivered)
}

// A name that was public a moment ago leads nowhere once it is not.
func TestRebinding(t *testing.T) {
	t.Parallel()
	r := receive(t, nil)
	_, port, _ := net.SplitHostPort(r.Listener.Addr().String())
	n := names{answers: map[string][][]netip.Addr{"rebinding.example.com": {addrs("93.184.215.14"), addrs("127.0.0.1", "::ffff:127.0.0.1")}}}
	resolver := n.resolver(t)
	first, err := resolver.LookupNetIP(t.Context(), "ip", "rebinding.example.com")
	if err != nil || len(first) != 1 || first[0] != netip.MustParseAddr("93.184.215.14") {
		t.Fatalf("the name leads to %v: %v", first, err)
	}
	s := sender(t, webhook.Options{RootCAs: r.roots(), Resolver: resolver})
	to := webhook.Endpoint{URL: "https://rebinding.example.com:" + port, Secrets: []webhook.Secret{secret(1)}}
	if err := webhook.CheckURL(to.URL, false); err != nil {
		t.Error(err)
	}
	for range 2 {
		equal(t, "error", send(t, s, to, webhook.Refused).Error, "the address is not public")
	}
	if n := r.connections.Load(); n != 0 {
		t.Errorf("there are %d connections", n)
	}
}

// Redirects are failures and lead nowhere.
func TestRedirect(t *testing.T) {
	t.Parallel()
	target := receive(t, nil)
	for _, status := range []int{300, 301, 302, 303, 304, 307, 308} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", target.URL)
			w.WriteHeader(status)
		})
		result := send(t, r.sender(t), r.endpoint(), webhook.Failed)
		if result.Status != status || !strings.HasSuffix(result.Error, ": redirects are not followed") {
			t.Errorf("%+v", result)
		}
	}
	if n := target.connections.Load(); n != 0 {
		t.Errorf("there are %d connections", n)
	}
}

// The environment's proxies are for other programs.
func TestProxyOfTheEnvironment(t *testing.T) {
	proxy := receive(t, nil)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	r := receive(t, nil)
	_, port, _ := net.SplitHostPort(r.Listener.Addr().String())
	n := names{answers: map[string][][]netip.Addr{"app.example.com": {addrs("127.0.0.1")}}}
	s := sender(t, webhook.Options{RootCAs: r.roots(), Resolver: n.resolver(t), AllowPrivate: true})
	send(t, s, webhook.Endpoint{URL: "https://app.example.com:" + port, Secrets: []webhook.Secret{secret(1)}}, webhook.Delivered)
	if n := proxy.connections.Load(); n != 0 {
		t.Errorf("there are %d connections to the proxy", n)
	}
}

// Without encryption nothing is sent, unless that is allowed.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 2)
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, in *http.Request) {
		body, _ := io.ReadAll(in.Body)
		got <- string(body)
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	to := webhook.Endpoint{URL: "http://" + listener.Addr().String(), Secrets: []webhook.Secret{secret(1)}}
	send(t, sender(t, webhook.Options{}), to, webhook.Refused)
	send(t, sender(t, webhook.Options{AllowPrivate: true}), to, webhook.Delivered)
	equal(t, "body", <-got, string(stored(t, "member.added.1")))
	if len(got) != 0 {
		t.Error("it was sent twice")
	}
}
