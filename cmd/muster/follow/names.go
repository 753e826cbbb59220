package follow

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// kind is what has a name.
type kind string

const (
	person       kind = "users"
	token        kind = "tokens"
	subscription kind = "subscriptions"
	workspace    kind = "workspaces"
	role         kind = "roles"
)

const (
	// mostNames is how many names are kept.
	mostNames = 10_000
	// nameAge is for how long a name is kept. Events keep names fresh, but a stream with a
	// filter has not all of them.
	nameAge = 5 * time.Minute
	// namePatience is how long an event waits for a name.
	namePatience = 5 * time.Second
)

// names knows the names of people, workspaces, roles, tokens and subscriptions. It asks the
// service for what it does not know, as far as the token may, and learns from events. All
// its methods return the empty text for a name that cannot be known.
type names struct {
	client       *client.Client
	organization domain.OrganizationID
	known        *simplelru.LRU[named, name]
	refused      map[kind]bool // the token may not read these
}

type named struct {
	kind kind
	id   string
}

type name struct {
	text  string
	since time.Time
}

func newNames(c *client.Client, organization domain.OrganizationID) *names {
	known, _ := simplelru.NewLRU[named, name](mostNames, nil) // fails only for a size below 1
	n := &names{c, organization, known, make(map[kind]bool)}
	return n
}

// of returns the name of what has the id.
func (n *names) of(ctx context.Context, k kind, id string) string {
	if n == nil || id == "" {
		return ""
	}
	if k == role {
		if r, ok := domain.BuiltInRole(domain.RoleKey(id)); ok {
			return r.Name
		}
	}
	key := named{k, id}
	if found, ok := n.known.Get(key); ok && time.Since(found.since) < nameAge {
		return found.text
	}
	if n.refused[k] {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, namePatience)
	defer cancel()
	if k == role {
		n.askRoles(ctx)
		found, _ := n.known.Get(key)
		return found.text
	}
	text, err := n.ask(ctx, k, id)
	if n.mayKeep(k, err) {
		n.learn(k, id, text)
	}
	return text
}

// mayKeep reports whether what a request has returned, or that it has found nothing, stays
// true for a while.
func (n *names) mayKeep(k kind, err error) bool {
	p, refused := errors.AsType[*client.Problem](err)
	if refused && p.Status == http.StatusForbidden {
		n.refused[k] = true
	}
	return err == nil || refused && p.Status == http.StatusNotFound
}

func (n *names) learn(k kind, id, text string) {
	n.known.Add(named{k, id}, name{text, time.Now()})
}

// ask asks the service for a name.
func (n *names) ask(ctx context.Context, k kind, id string) (string, error) {
	path := "/v1/organizations/" + n.organization.String() + "/" + string(k) + "/" + id
	switch k {
	case person:
		var p profile
		err := n.client.Call(ctx, http.MethodGet, path, nil, &p)
		return p.String(), err
	case workspace:
		path = "/v1/workspaces/" + id
	}
	var answer struct {
		Name string `json:"name"`
	}
	err := n.client.Call(ctx, http.MethodGet, path, nil, &answer)
	return answer.Name, err
}

// askRoles asks the service for the names of all roles.
func (n *names) askRoles(ctx context.Context) {
	type row struct {
		Key  string `json:"key"`
		Name string `json:"name"`
	}
	for page, err := range client.Pages[row](ctx, n.client, "/v1/organizations/"+n.organization.String()+"/roles") {
		if !n.mayKeep(role, err) {
			return
		}
		for _, r := range page {
			n.learn(role, r.Key, r.Name)
		}
	}
}

// profile is a person as the directory and events show them.
type profile struct {
	Email string            `json:"email"`
	Name  domain.PersonName `json:"name"`
}

// String returns the person's name and address, or the one of them that there is.
func (p profile) String() string {
	name := terminal.FullName(p.Name)
	if name == "" || p.Email == "" {
		return name + p.Email
	}
	return name + " <" + p.Email + ">"
}

// heed learns the names that the event says.
func (n *names) heed(e *event) {
	if n == nil {
		return
	}
	var data struct {
		Name           json.RawMessage `json:"name"`
		Key            string          `json:"key"`
		Profile        *profile        `json:"profile"`
		SubscriptionID string          `json:"subscription_id"`
		Token          struct{ ID, Name string }
		Subscription   struct{ ID, Name string }
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return // a shape of a newer service
	}
	switch noun, _, _ := strings.Cut(terminal.ShowType(e.Type), "."); noun {
	case "user":
		if data.Profile != nil {
			n.learn(person, e.User, data.Profile.String())
		} else {
			n.known.Remove(named{person, e.User})
		}
	case "workspace":
		n.learnName(workspace, e.Workspace, data.Name)
	case "role":
		n.learnName(role, data.Key, data.Name)
	case "token":
		if data.Token.ID != "" {
			n.learn(token, data.Token.ID, data.Token.Name)
		}
	case "subscription":
		if data.Subscription.ID != "" {
			n.learn(subscription, data.Subscription.ID, data.Subscription.Name)
		} else {
			n.learnName(subscription, data.SubscriptionID, data.Name)
		}
	}
}

// learnName learns a name, which is a text, or a change from one to another.
func (n *names) learnName(k kind, id string, text json.RawMessage) {
	var name string
	var change struct{ To string }
	if json.Unmarshal(text, &name) == nil || json.Unmarshal(text, &change) == nil {
		if name += change.To; name != "" {
			n.learn(k, id, name)
		}
	}
}
