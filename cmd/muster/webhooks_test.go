package main

import (
	"io"
	"log/slog"
	"testing"

	"github.com/spf13/pflag"
)

// What the flags say of webhooks reaches the node.
func TestWebhookFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line  []string
		allow bool
		proxy string
	}{
		{},
		{[]string{"--webhook-allow-private"}, true, ""},
		{[]string{"--webhook-allow-private=false", "--webhook-proxy", "socks5://10.0.0.1:1080"}, false, "socks5://10.0.0.1:1080"},
	} {
		var s settings
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		s.flags(f)
		if err := f.Parse(c.line); err != nil {
			t.Fatal(err)
		}
		o := s.node(slog.New(slog.DiscardHandler), io.Discard).Webhooks
		proxy := ""
		if o.Proxy != nil {
			proxy = o.Proxy.String()
		}
		if o.AllowPrivate != c.allow || proxy != c.proxy || o.Version != version() {
			t.Errorf("%q is %+v", c.line, o)
		}
	}
}
