package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/muster-dev/muster/cmd/muster/client"
)

// subscription is what is needed of the subscription that was made.
type subscription struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// subscriptionRequest is the body of the request that makes it.
type subscriptionRequest struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	URL     string   `json:"url"`
	Types   []string `json:"types,omitempty"`
	From    string   `json:"from,omitempty"`
	Include []string `json:"include,omitempty"`
}

func (o *options) subscriptions() string {
	return "/v1/organizations/" + o.organization.String() + "/subscriptions"
}

// subscribe makes a subscription to the address that the flags name, or else to here.
func (o *options) subscribe(ctx context.Context, here string) (s subscription, err error) {
	// Names are unique in an organization, and several people may listen at once.
	host, _ := os.Hostname()
	asked := subscriptionRequest{
		Name: fmt.Sprintf("muster webhook listen, %s, process %d", host, os.Getpid()), Kind: "webhook", URL: o.address,
		Types: o.types, From: o.from,
	}
	if asked.URL == "" {
		asked.URL = here
	}
	if asked.From == "" {
		asked.From = "latest"
	}
	if o.profiles {
		asked.Include = []string{"profile"}
	}
	err = o.Call(ctx, http.MethodPost, o.subscriptions(), asked, &s)
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Code == "invalid_url" && o.address == "" {
		err = fmt.Errorf("%w: run the service with --webhook-allow-private, or name an address that it may send to (--address)", err)
	}
	return s, err
}

// unsubscribe deletes the subscription. The context may have ended.
func (o *options) unsubscribe(ctx context.Context, s subscription, notes io.Writer) error {
	err := o.Call(context.WithoutCancel(ctx), http.MethodDelete, o.subscriptions()+"/"+s.ID, nil, nil)
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Status == http.StatusNotFound {
		return nil // somebody else has deleted it
	}
	if err != nil {
		return fmt.Errorf("the subscription %s was not deleted: %w", s.ID, err)
	}
	fmt.Fprintf(notes, "Deleted the subscription %s\n", s.ID)
	return nil
}
