package subscription

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// chosen is the subscription that a command is about.
type chosen struct {
	path string // of the API
	text string // as it was named
}

// all returns the organization's subscriptions.
func (s *subscriptions) all(ctx context.Context) (all []subscription, err error) {
	for page, err := range client.Pages[subscription](ctx, &s.Client, s.path()) {
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
	}
	return all, nil
}

// find returns the subscription that has the text as its id or its name.
func (s *subscriptions) find(ctx context.Context, text string) (chosen, error) {
	if id, err := uuid.Parse(text); err == nil {
		if id == uuid.Nil {
			return chosen{}, terminal.Usage("SUBSCRIPTION: the nil UUID is nobody's id")
		}
		return chosen{s.path() + "/" + id.String(), text}, nil
	}
	all, err := s.all(ctx)
	if err != nil {
		return chosen{}, err
	}
	var ids, names []string
	for i := range all {
		names = append(names, fmt.Sprintf("%q", all[i].Name))
		if all[i].Name == text {
			ids = append(ids, all[i].ID)
		}
	}
	switch len(ids) {
	case 0:
		if len(names) == 0 {
			return chosen{}, errors.New("the organization has no subscriptions")
		}
		return chosen{}, fmt.Errorf("no subscription has the name %q; there are %s", text, strings.Join(names, ", "))
	case 1:
		return chosen{s.path() + "/" + ids[0], text}, nil
	}
	return chosen{}, fmt.Errorf("%d subscriptions have the name %q; use an id: %s", len(ids), text, strings.Join(ids, ", "))
}

// completionPatience is how long a shell waits for names.
const completionPatience = 2 * time.Second

// complete returns the names of the subscriptions, for shells.
func (s *subscriptions) complete(cmd *cobra.Command, arguments []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(arguments) > 0 || terminal.ReadEnvironment(cmd.Flags()) != nil || s.organization.IsZero() || s.Authorize() != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	all, err := s.all(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveError
	}
	var found []string
	for i := range all {
		if name := all[i].Name; strings.HasPrefix(name, typed) {
			found = append(found, cobra.CompletionWithDesc(name, all[i].Kind+", "+all[i].State))
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// send sends a request about the subscription and returns it as it is afterwards.
func (s *subscriptions) send(ctx context.Context, method string, which chosen, verb string, body any) (sub subscription, err error) {
	if verb != "" {
		verb = "/" + verb
	}
	return sub, s.Call(ctx, method, which.path+verb, body, &sub)
}

// get reads the subscription.
func (s *subscriptions) get(ctx context.Context, which chosen) (subscription, error) {
	return s.send(ctx, http.MethodGet, which, "", nil)
}
