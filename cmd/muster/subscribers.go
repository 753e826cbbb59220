package main

import (
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/credentials"
)

// subscribers are the flags that say how subscribers come in to NATS.
type subscribers struct {
	callout calloutSeed
	urls    natsURLs
}

func (s *subscribers) flags(f *pflag.FlagSet) {
	f.Var(&s.callout, "nats-callout-seed", "file with the seed that external NATS servers know as the issuer of their auth callout, to let in subscribers; by default none are let in")
	f.Var(&s.urls, "nats-public-url", "URLs at which subscribers reach NATS, separated by commas; by default those of --nats-listen or --nats-url")
	terminal.InEnvironment(f, "nats-callout-seed", "nats-public-url")
}

// check returns an error if a setting would have no effect.
func (s *subscribers) check(natsURL, natsListen string) error {
	switch {
	case s.callout.keys != nil && natsURL == "":
		return terminal.Usage("--nats-callout-seed has no effect without --nats-url: the embedded server asks Muster anyway")
	case len(s.urls) > 0 && natsURL == "" && natsListen == "":
		return terminal.Usage("--nats-public-url has no effect without --nats-listen or --nats-url: the embedded server does not listen")
	}
	return nil
}

// calloutSeed is the flag for a file with the keys of an auth callout.
type calloutSeed struct {
	file string
	keys *credentials.Keys
}

// String returns the name of the file.
func (c *calloutSeed) String() string { return c.file }

// Type returns what help shows for the value.
func (c *calloutSeed) Type() string { return "file" }

// Set reads the file.
func (c *calloutSeed) Set(file string) error {
	if file == "" {
		return errors.New("the name of a file is expected")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	c.file = file
	c.keys, err = credentials.ParseKeys(text)
	return err
}

// natsURLs is the flag for the URLs of NATS servers. Each use of the flag adds to them.
type natsURLs []string

// String returns the URLs.
func (u *natsURLs) String() string { return strings.Join(*u, ",") }

// Type returns what help shows for the value.
func (u *natsURLs) Type() string { return "url" }

// Set adds the URLs.
func (u *natsURLs) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		parsed, err := url.Parse(one)
		if err != nil || parsed.Host == "" || parsed.User != nil || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, parsed.Scheme) {
			return errors.New("URLs like nats://nats.acme.example:4222 are expected (nats, tls, ws or wss), without a user")
		}
		if !slices.Contains(*u, one) {
			*u = append(*u, one)
		}
	}
	return nil
}
