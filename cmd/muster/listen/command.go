package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/webhook"
)

// options are the flags of the command.
type options struct {
	client.Client
	listen       string
	secrets      []webhook.Secret
	organization domain.OrganizationID
	address      string // where Muster sends to
	types        []string
	from         string
	profiles     bool
	forwardTo    *url.URL
	status       int
	format       string
	color        string
}

// New returns the command webhook.
func New() *cobra.Command {
	return terminal.Group(&cobra.Command{
		Use: "webhook", Short: "Receive webhooks on this machine, for development",
	}, newListen())
}

func newListen() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use: "listen", Short: "Receive webhooks, verify and print them, and hand them on",
		Long: "Listen receives webhooks at an address of this machine. It verifies the signature of each\n" +
			"request and prints its events. A request that was not signed with one of the secrets in\n" +
			"the last five minutes gets the response 401 and is not handed on.\n\n" +
			"With --organization it makes a subscription to its own address in a running service, prints\n" +
			"the secret, which your receiver needs too, and deletes the subscription when it is\n" +
			"interrupted. The service must be run with --webhook-allow-private, unless --address names a\n" +
			"public address that leads here. Otherwise give the secret of a subscription that exists\n" +
			"already (--secret).\n\n" +
			"The response is 204. With --forward-to the request goes on to your receiver, body and\n" +
			"headers unchanged, and its response is the response. With --status you see what Muster\n" +
			"does with a receiver that fails: 410 pauses the subscription, and everything else but 2xx\n" +
			"makes it send the event again, later each time.",
		Example: "  muster webhook listen --organization ORG --forward-to http://localhost:8000/hooks\n" +
			"  muster webhook listen --organization ORG --type member.added --from earliest --format jsonl\n" +
			"  muster webhook listen --listen 127.0.0.1:8090 --secret whsec_… --status 503",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd.Flags()); err != nil {
				return err
			}
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	o.flags(cmd)
	return cmd
}

func (o *options) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	o.listen, o.format = "127.0.0.1:8090", terminal.FormatTable
	f.Var(terminal.Address(&o.listen), "listen", "address to receive webhooks on; port 0 is any free one")
	f.Var(secrets{&o.secrets}, "secret", "secret of the subscription; may be repeated, or contain several separated by commas, while it is rotated")
	terminal.InVariable(f, "secret", "MUSTER_WEBHOOK_SECRET")
	f.Var(terminal.NewParsed(&o.forwardTo, "url", parseURL), "forward-to", "address of your receiver, like http://localhost:8000/hooks")
	f.Var(terminal.NewParsed(&o.status, "status", parseStatus), "status", "respond to every verified request with this status, from 200 to 599")
	f.Var(terminal.OneOf(&o.format, terminal.FormatTable, terminal.FormatJSONL), "format", "how to print events; jsonl is one CloudEvent a line")
	terminal.ColorFlag(f, &o.color)

	f.Var(terminal.NewParsed(&o.organization, "id", terminal.ParseID), "organization", "make a subscription in this organization, and delete it at the end")
	f.Var(terminal.NewText(&o.address, "url", func(text string) error { _, err := parseURL(text); return err }), "address", "address at which the service reaches this program, for the subscription; by default that of --listen")
	f.Var(terminal.EventTypes(&o.types), "type", "types of events for the subscription, like member.added or member.*; may be repeated, or contain several separated by commas")
	f.Var(terminal.NotEmpty(&o.from), "from", "first event for the subscription: earliest, latest, a position or a time; latest by default")
	f.Var(terminal.NewToggle(&o.profiles), "profiles", "have the subscription's events contain profiles: addresses, names and avatars")
	f.Lookup("profiles").NoOptDefVal = "true"
	o.Flags(f)
	o.TokenFlags(f)
}

// ofSubscription are the flags that say something of the subscription that is made.
var ofSubscription = []string{"address", "type", "from", "profiles"}

// check returns an error for flags that contradict each other.
func (o *options) check(f *pflag.FlagSet) error {
	own := !o.organization.IsZero()
	if own && f.Changed("secret") {
		return terminal.Usage("--secret and --organization exclude each other: a subscription that is made has a secret of its own")
	}
	if !own && len(o.secrets) == 0 {
		return terminal.Usage("no secret to verify with: give that of a subscription (--secret or MUSTER_WEBHOOK_SECRET), or --organization to make one")
	}
	for _, name := range ofSubscription {
		if !own && f.Changed(name) {
			return terminal.Usage("--%s is for the subscription that --organization makes", name)
		}
	}
	if f.Changed("status") && o.forwardTo != nil {
		return terminal.Usage("--status and --forward-to exclude each other: the response is either yours or your receiver's")
	}
	if own {
		return o.Authorize()
	}
	return nil
}

// shutdownTime is how long requests that are under way may take at the end.
const shutdownTime = 5 * time.Second

// run receives webhooks until the context ends.
func (o *options) run(ctx context.Context, out, notes io.Writer) (err error) {
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", o.listen, err)
	}
	r := newReceiver(o, out, notes)
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if server.Shutdown(soon) != nil {
			_ = server.Close()
		}
		if stopped := <-served; !errors.Is(stopped, http.ErrServerClosed) {
			err = errors.Join(err, stopped)
		}
	}()

	here := address(listener.Addr())
	if o.organization.IsZero() {
		r.open(o.secrets)
		fmt.Fprintf(notes, "Receiving webhooks at %s\n", here)
	} else {
		s, failed := o.subscribe(ctx, here)
		if failed != nil {
			return failed
		}
		// err must be the function's result here, and no variable of this block.
		defer func() { err = errors.Join(err, o.unsubscribe(ctx, s, notes)) }()
		secret, failed := webhook.ParseSecret(s.Secret)
		if failed != nil {
			return fmt.Errorf("the secret of the subscription that was made: %w", failed)
		}
		r.open([]webhook.Secret{secret})
		fmt.Fprintf(notes, "Receiving webhooks of the subscription %s, with the secret %s, at %s\n", s.ID, s.Secret, here)
	}
	select {
	case <-ctx.Done():
		return nil
	case stopped := <-served:
		served <- stopped // for the deferred function
		return nil
	case err := <-r.failed:
		return err
	}
}

// address returns the URL at which this machine reaches the address.
func address(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d/", tcp.Port)
	}
	return "http://" + a.String() + "/"
}

// parseURL parses the address of a receiver.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("an address like http://localhost:8000/hooks is expected")
	}
	return u, nil
}

func parseStatus(text string) (status int, err error) {
	if _, err := fmt.Sscanf(text, "%d", &status); err != nil || fmt.Sprint(status) != text || status < 200 || status > 599 {
		return 0, errors.New("a status from 200 to 599 is expected")
	}
	return status, nil
}

// secrets is the flag for the secrets of a subscription. Each use of the flag adds to them.
type secrets struct{ all *[]webhook.Secret }

// String returns nothing: secrets are not printed.
func (s secrets) String() string { return "" }

// Type returns the kind that help shows.
func (s secrets) Type() string { return "secret" }

// Set adds the secrets.
func (s secrets) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		secret, err := webhook.ParseSecret(strings.TrimSpace(one))
		if err != nil {
			return err
		}
		*s.all = append(*s.all, secret)
	}
	return nil
}
