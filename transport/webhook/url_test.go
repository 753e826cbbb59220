package webhook_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/webhook"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	long := "https://app.acme.example/" + strings.Repeat("x", domain.MaxURL-len("https://app.acme.example/"))
	for _, text := range []string{
		"https://app.acme.example", "https://app.acme.example/hooks?key=a%20b", "https://app.acme.example:8443/", "HTTPS://App.Acme.Example/",
		"https://1.1.1.1/", "https://[2606:4700:4700::1111]:8443/x", "https://xn--bcher-kva.example/", "https://my_app.acme.example/", long,
	} {
		if err := webhook.CheckURL(text, false); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	private := []string{"https://127.0.0.1:1", "https://[::1]/", "https://localhost:8080/x", "https://receiver/", "https://app.local", "http://app.acme.example", "http://10.0.0.1"}
	refused := []string{
		"", " ", "app.acme.example", "/hooks", "//app.acme.example/", "https:", "https://", "https:///x", "https:app.acme.example", "https://:443/",
		"ftp://app.acme.example", "ws://app.acme.example", "file:///etc/passwd", "https://user@app.acme.example", "https://user:word@app.acme.example", "https://@app.acme.example",
		"https://app.acme.example/#", "https://app.acme.example/#x", "https://app.acme.example:0/", "https://app.acme.example:65536/", "https://app.acme.example:/", "https://app.acme.example:x/", "https://app.acme.example:+1/",
		"https://app.acme.example./", "https://app..example/", "https://.example/", "https://-a.example/", "https://a-.example/", "https://" + strings.Repeat("a", 64) + ".example/",
		"https://" + strings.Repeat("a.", 130) + "example/", long + "x",
		"https://127.1/", "https://0x7f.1/", "https://0x7f000001/", "https://2130706433/", "https://017700000001/", "https://127.0.0.01/", "https://127.0.0.1./", "https://1.2.3.4.5/", "https://a.0x/",
		"https://[::1%25lo]/", "https://[fe80::1%25eth0]/", "https://[::1/", "https://[]/", "https://[127.0.0.1]/", "https://[app.acme.example]/",
		"https://bücher.example/", "https://１２７.0.0.1/", "https://127。0。0。1/", "https://app.acme.example/a b", "https://app.acme.example/\n", "https://app.acme.example\\@127.0.0.1/", "https://app.acme.example/%zz",
		"https://a!b.example/", "https://a,b.example/", "https://*.example/", "https://%31.1.1.1/",
	}
	for _, text := range append(private, refused...) {
		if err := webhook.CheckURL(text, false); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	for _, text := range private {
		if err := webhook.CheckURL(text, true); err != nil {
			t.Errorf("with private addresses, %s: %v", text, err)
		}
	}
	for _, text := range refused {
		if err := webhook.CheckURL(text, true); err == nil {
			t.Errorf("with private addresses, %s is taken", text)
		}
	}
	for _, text := range inside {
		if strings.Contains(text, ":") {
			text = "[" + text + "]"
		}
		if err := webhook.CheckURL("https://"+text+":8443/", false); !errors.Is(err, webhook.ErrNotPublic) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, text := range []string{"https://app.acme.example:8443/a?b#c", "https://[::ffff:1.1.1.1%25x]/", "http://user:word@127.0.0.1./", "https://0X7F.1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if webhook.CheckURL(text, false) == nil && webhook.CheckURL(text, true) != nil {
			t.Errorf("%q is taken, but not with private addresses", text)
		}
		if webhook.CheckURL(text, false) == nil && !strings.EqualFold(text[:min(8, len(text))], "https://") {
			t.Errorf("%q is taken", text)
		}
	})
}
