package projections

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// parts has a row for every kind of part.
var parts = [...]partRow{
	domain.KeyOrganization: row("organizations", func(c conn, k domain.Key) (*domain.Organization, error) {
		return c.organization(k.Owner)
	}),
	domain.KeyOrganizationMember: row("organization_members", func(c conn, k domain.Key) (*domain.OrganizationMember, error) {
		return c.organizationMember(k.Owner, k.ID)
	}),
	domain.KeyProfile: row("profiles", func(c conn, k domain.Key) (*domain.Profile, error) {
		return c.sealedProfile(k.Owner, k.ID)
	}),
	domain.KeyEmail: row(notShown, func(c conn, k domain.Key) (*domain.EmailHolder, error) {
		return c.emailHolder(k.Owner, k.Text)
	}),
	domain.KeyWorkspace: row("workspaces", func(c conn, k domain.Key) (*domain.Workspace, error) {
		return c.workspace(k.Owner)
	}),
	domain.KeyMembership: row("memberships", func(c conn, k domain.Key) (*domain.Membership, error) {
		return c.membership(k.Owner, k.ID)
	}),
	domain.KeyCustomRole: row("roles", func(c conn, k domain.Key) (*domain.CustomRole, error) {
		return c.customRole(k.Owner, domain.RoleKey(k.Text))
	}),
	domain.KeyToken: row("tokens", func(c conn, k domain.Key) (*domain.Token, error) {
		return c.token(k.Owner, k.ID)
	}),
	domain.KeySubscription: row("subscriptions", func(c conn, k domain.Key) (*domain.Subscription, error) {
		return c.subscription(k.Owner, k.ID)
	}),
	domain.KeySubscriptionCount: row(notShown, func(c conn, k domain.Key) (*domain.SubscriptionCount, error) {
		return c.subscriptionCount(k.Owner)
	}),
	domain.KeyReview: row("reviews", func(c conn, k domain.Key) (*domain.Review, error) {
		return c.review(k.Owner, k.ID)
	}),
	domain.KeyReviewRow: row(notShown, func(c conn, k domain.Key) (*domain.ReviewRow, error) {
		return c.reviewRowOf(k)
	}),
	domain.KeyUserMemberships: row(notShown, func(c conn, k domain.Key) (*domain.UserMemberships, error) {
		return c.userMemberships(k.Owner, k.ID)
	}),
	domain.KeyOwners: row(notShown, func(c conn, k domain.Key) (*domain.Owners, error) {
		return c.owners(k.Owner)
	}),
}

// In the literal above this row would be an initialization cycle, because the record of
// a command is decoded with the other rows.
func init() {
	parts[domain.KeyDone] = row(notShown, func(c conn, k domain.Key) (*domain.Done, error) {
		return c.done(k.Owner, k.ID)
	})
}

// notShown is the name of parts that no result of a command contains, and that are
// therefore never stored in one.
const notShown = ""

// partRow says how parts of one kind are loaded, and how they are stored in the results
// of commands.
type partRow struct {
	load func(conn, domain.Key) (domain.Part, error) // nil if there is none
	// name is the name of the list of such parts in the column done.after. It must
	// never change.
	name   string
	decode func(list jsontext.Value) ([]domain.Part, error)
}

// row returns the row of the parts of type P. The function load returns [ErrNotFound]
// if there is no such part.
func row[P domain.Part](name string, load func(conn, domain.Key) (P, error)) partRow {
	return partRow{
		load: func(c conn, k domain.Key) (domain.Part, error) {
			switch p, err := load(c, k); {
			case err == nil:
				return p, nil
			case errors.Is(err, ErrNotFound):
				return nil, nil
			default:
				return nil, err
			}
		},
		name: name,
		decode: func(list jsontext.Value) ([]domain.Part, error) {
			var stored []P
			if err := json.Unmarshal(list, &stored); err != nil {
				return nil, err
			}
			decoded := make([]domain.Part, len(stored))
			for i, p := range stored {
				decoded[i] = p
			}
			return decoded, nil
		},
	}
}

// part reads one part. It returns nil if there is none.
func (c conn) part(k domain.Key) (domain.Part, error) {
	if int(k.Kind) >= len(parts) || parts[k.Kind].load == nil {
		return nil, fmt.Errorf("there are no parts of kind %d", k.Kind)
	}
	return parts[k.Kind].load(c, k)
}

// noneIsNull encodes a nil list as null, so that it differs from an empty one.
var noneIsNull = json.FormatNilSliceAsNull(true)

// encodeParts returns the JSON form of the parts: a list for each kind that occurs, in
// the order of the kinds. Within a list the parts keep their order.
func encodeParts(list []domain.Part) ([]byte, error) {
	var lists [len(parts)][]domain.Part
	for _, p := range list {
		kind := domain.KeyOf(p).Kind
		if parts[kind].name == notShown {
			return nil, fmt.Errorf("no answer shows a %T", p)
		}
		lists[kind] = append(lists[kind], p)
	}
	var encoded [len(parts)]jsontext.Value
	for kind := range parts {
		if len(lists[kind]) == 0 {
			continue
		}
		text, err := json.Marshal(lists[kind], json.Deterministic(true), noneIsNull)
		if err != nil {
			return nil, err
		}
		encoded[kind] = text
	}
	return encodeLists(func(kind int) jsontext.Value { return encoded[kind] }), nil
}

// encodeLists returns the JSON form of the lists, by their kinds. A kind can have none.
func encodeLists(list func(kind int) jsontext.Value) []byte {
	encoded := []byte{'{'}
	for kind := range len(parts) {
		text := list(kind)
		if text == nil {
			continue
		}
		if len(encoded) > 1 {
			encoded = append(encoded, ',')
		}
		encoded = fmt.Appendf(encoded, "%q:%s", parts[kind].name, text)
	}
	return append(encoded, '}')
}

// decodeParts returns a state that holds the parts of the JSON form.
func decodeParts(text []byte) (*domain.State, error) {
	var lists map[string]jsontext.Value
	if err := json.Unmarshal(text, &lists); err != nil {
		return nil, err
	}
	s := new(domain.State)
	for i := range parts {
		list, ok := lists[parts[i].name]
		if !ok || parts[i].name == notShown {
			continue
		}
		decoded, err := parts[i].decode(list)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", parts[i].name, err)
		}
		for _, p := range decoded {
			s.Put(domain.KeyOf(p), p)
		}
	}
	return s, nil
}

// keep stores the result of a command, if it has an idempotency key, once its last event
// has been applied. The entries are the command's events.
func (p *projector) keep(entries []wire.Entry, key int64) error {
	last := &entries[len(entries)-1].Recorded
	if last.Request.IsZero() {
		return nil
	}
	org := last.Event.Concerns().Organization
	organization, err := p.organizationOf(org)
	if err != nil {
		return err
	}
	types := make([]string, len(entries))
	for i := range entries {
		types[i] = entries[i].Event.EventType()
	}
	after, err := p.after(entries)
	if err != nil {
		return err
	}
	_, err = p.Exec(`INSERT INTO done (key, organization, command, request, types, after) VALUES (?, ?, ?, ?, ?, ?)`,
		key, organization, last.Command[:], last.Request[:], strings.Join(types, " "), after)
	return err
}

// after reads the parts that the result of a command with these events shows, as they
// are now, and encodes them.
func (p *projector) after(entries []wire.Entry) ([]byte, error) {
	list := make([]domain.Event, len(entries))
	for i := range entries {
		list[i] = entries[i].Event
	}
	shown, err := domain.Shown(nil, list, p.part)
	if err != nil {
		return nil, err
	}
	return encodeParts(shown)
}

func (c conn) done(org domain.OrganizationID, command domain.CommandID) (*domain.Done, error) {
	organization, err := c.organizationKey(org)
	if err != nil {
		return nil, err
	}
	var key int64
	var types string
	var after []byte
	var d domain.Done
	if err := c.Row([]any{sqlite.Number(&key), scanHash(&d.Request), sqlite.Text(&types), &after}, `
		SELECT d.key, d.request, d.types, d.after
		FROM done d WHERE d.organization = +?1 AND d.command = +?2`, organization, command[:]); err != nil {
		return nil, err
	}
	state, err := decodeParts(after)
	if err != nil {
		return nil, fmt.Errorf("what command %s left: %w", command, err)
	}
	d.Organization, d.Command = org, command
	d.Number, d.Types, d.After = uint64(key)>>partitionBits, strings.Fields(types), state //nolint:gosec // keys are positive
	return &d, nil
}
