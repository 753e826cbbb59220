package main

import (
	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/transport/webhook"
)

// webhookFlags defines the flags that say where webhooks may be sent, and through what.
func (s *settings) webhookFlags(f *pflag.FlagSet) {
	f.Var(terminal.NewToggle(&s.webhooks.AllowPrivate), "webhook-allow-private", "also send webhooks to addresses that are not public, and without TLS; for development: whoever may make a subscription can then reach your network")
	f.Lookup("webhook-allow-private").NoOptDefVal = "true"
	f.Var(terminal.NewParsed(&s.webhooks.Proxy, "url", webhook.ParseProxy), "webhook-proxy", "HTTP or SOCKS5 proxy for webhooks, like http://proxy.acme.example:3128; by default they are sent directly, and HTTPS_PROXY is ignored")
	terminal.InEnvironment(f, "webhook-allow-private", "webhook-proxy")
}
