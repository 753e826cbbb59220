package shown

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

// Kind is what has a name.
type Kind string

// What has names.
const (
	Person       Kind = "users"
	Token        Kind = "tokens"
	Subscription Kind = "subscriptions"
	Workspace    Kind = "workspaces"
	Role         Kind = "roles"
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

// Names knows the names of people, workspaces, roles, tokens and subscriptions. It asks the
// service for what it does not know, as far as the token may, and learns from events. All
// its methods return the empty text for a name that cannot be known.
type Names struct {
	client       *client.Client
	organization domain.OrganizationID
	known        *simplelru.LRU[named, name]
	refused      map[Kind]bool // the token may not read these
}

type named struct {
	kind Kind
	id   string
}

type name struct {
	text  string
	since time.Time
}

// NewNames returns names that the service knows. The organization is the one whose events are
// shown. With a nil client nobody is asked: names are those that events have said.
func NewNames(c *client.Client, organization domain.OrganizationID) *Names {
	known, _ := simplelru.NewLRU[named, name](mostNames, nil) // fails only for a size below 1
	n := &Names{c, organization, known, make(map[Kind]bool)}
	return n
}

// Of returns the name of what has the id.
func (n *Names) Of(ctx context.Context, k Kind, id string) string {
	if n == nil || id == "" {
		return ""
	}
	if k == Role {
		if r, ok := domain.BuiltInRole(domain.RoleKey(id)); ok {
			return r.Name
		}
	}
	key := named{k, id}
	found, ok := n.known.Get(key)
	if ok && (n.client == nil || time.Since(found.since) < nameAge) {
		return found.text
	}
	if n.refused[k] || n.client == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, namePatience)
	defer cancel()
	if k == Role {
		n.askRoles(ctx)
		found, _ = n.known.Get(key)
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
func (n *Names) mayKeep(k Kind, err error) bool {
	p, refused := errors.AsType[*client.Problem](err)
	if refused && p.Status == http.StatusForbidden {
		n.refused[k] = true
	}
	return err == nil || refused && p.Status == http.StatusNotFound
}

func (n *Names) learn(k Kind, id, text string) {
	n.known.Add(named{k, id}, name{text, time.Now()})
}

// ask asks the service for a name.
func (n *Names) ask(ctx context.Context, k Kind, id string) (string, error) {
	path := "/v1/organizations/" + n.organization.String() + "/" + string(k) + "/" + id
	switch k {
	case Person:
		var p profile
		err := n.client.Call(ctx, http.MethodGet, path, nil, &p)
		return p.String(), err
	case Workspace:
		path = "/v1/workspaces/" + id
	}
	var found struct {
		Name string `json:"name"`
	}
	err := n.client.Call(ctx, http.MethodGet, path, nil, &found)
	return found.Name, err
}

// askRoles asks the service for the names of all roles.
func (n *Names) askRoles(ctx context.Context) {
	type row struct {
		Key  string `json:"key"`
		Name string `json:"name"`
	}
	for page, err := range client.Pages[row](ctx, n.client, "/v1/organizations/"+n.organization.String()+"/roles") {
		if !n.mayKeep(Role, err) {
			return
		}
		for _, r := range page {
			n.learn(Role, r.Key, r.Name)
		}
	}
}

// profile is a person as the directory and events show them.
type profile struct {
	Email string            `json:"email"`
	Name  domain.PersonName `json:"name"`
	// Sealed is in place of the rest if the profile is shown as it is stored.
	Sealed string `json:"sealed"`
}

// What is shown in place of a person's name and address.
const (
	sealed = "(sealed)"
	erased = "(erased)"
)

// String returns the person's name and address, or the one of them that there is.
func (p profile) String() string {
	if p.Sealed != "" {
		return sealed
	}
	name := terminal.FullName(p.Name)
	if name == "" || p.Email == "" {
		return name + p.Email
	}
	return name + " <" + p.Email + ">"
}

// Heed learns the names that the event says.
func (n *Names) Heed(e *Event) {
	if n == nil {
		return
	}
	var data struct {
		Name           json.RawMessage `json:"name"`
		Key            string          `json:"key"`
		Profile        *profile        `json:"profile"`
		Erased         bool            `json:"erased"`
		SubscriptionID string          `json:"subscription_id"`
		Token          struct{ ID, Name string }
		Subscription   struct{ ID, Name string }
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return // a shape of a newer service
	}
	switch noun, _, _ := strings.Cut(terminal.ShowType(e.Type), "."); noun {
	case "user":
		switch {
		case data.Profile != nil:
			n.learn(Person, e.User, data.Profile.String())
		case data.Erased, strings.HasPrefix(terminal.ShowType(e.Type), "user.eras"):
			n.learn(Person, e.User, erased)
		default:
			n.known.Remove(named{Person, e.User})
		}
	case "workspace":
		n.learnName(Workspace, e.Workspace, data.Name)
	case "role":
		n.learnName(Role, data.Key, data.Name)
	case "token":
		if data.Token.ID != "" {
			n.learn(Token, data.Token.ID, data.Token.Name)
		}
	case "subscription":
		if data.Subscription.ID != "" {
			n.learn(Subscription, data.Subscription.ID, data.Subscription.Name)
		} else {
			n.learnName(Subscription, data.SubscriptionID, data.Name)
		}
	}
}

// learnName learns a name, which is a text, or a change from one to another.
func (n *Names) learnName(k Kind, id string, text json.RawMessage) {
	var name string
	var change struct{ To string }
	if json.Unmarshal(text, &name) == nil || json.Unmarshal(text, &change) == nil {
		if name += change.To; name != "" {
			n.learn(k, id, name)
		}
	}
}
