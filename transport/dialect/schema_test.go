package dialect

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
)

// schemaOf returns the vendor's schema of the operation's answer. It is the definition
// with the operation's id in the dialect's testdata/schema.json, which was written by
// hand from the vendor's documentation.
func (o operation) schemaOf(t testing.TB) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(filepath.Join(o.face.Name, "testdata", "schema.json") + "#/$defs/" + o.ID)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// schemas returns the vendors' schemas of all operations that answer with a body.
func schemas(t testing.TB) map[string]*jsonschema.Schema {
	t.Helper()
	all := make(map[string]*jsonschema.Schema)
	for _, op := range operations(t) {
		if _, ok := op.Responses["204"]; !ok {
			all[op.named()] = op.schemaOf(t)
		}
	}
	return all
}

// The schemas accept the examples in the documents, which are the vendors' own. They
// refuse them with an additional field anywhere, and without some fields of each object.
func TestSchemasAreStrict(t *testing.T) {
	all := schemas(t)
	for _, op := range operations(t) {
		schema := all[op.named()]
		if schema == nil {
			continue
		}
		example := op.example()
		if err := schema.Validate(example); err != nil {
			t.Errorf("%s: its example: %v", op.named(), err)
		}
		objects := 0
		eachObject(example, func(object map[string]any) {
			objects++
			object["frob"] = 1
			if schema.Validate(example) == nil {
				t.Errorf("%s: takes a field that nobody knows, in %v", op.named(), object)
			}
			delete(object, "frob")
			refused := 0
			for name, value := range object {
				if delete(object, name); schema.Validate(example) != nil {
					refused++
				}
				object[name] = value
			}
			if refused == 0 {
				t.Errorf("%s: needs none of the fields of %v", op.named(), object)
			}
		})
		if objects == 0 {
			t.Errorf("%s: the example holds nothing", op.named())
		}
	}
}

func eachObject(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			eachObject(inner, visit)
		}
		visit(v)
	case []any:
		for _, inner := range v {
			eachObject(inner, visit)
		}
	}
}

// After any commands, a dialect's answers to queries fit its vendor's schemas.
func TestAnswersHaveTheVendorsShape(t *testing.T) {
	s := start(t, 0)
	all, queries := schemas(t), operations(t)
	answered := make(map[string]int)
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(s)
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			w.change(t, rapid.IntRange(1, 20).Draw(t, "commands"))
			for _, op := range queries {
				if op.method != "GET" {
					continue
				}
				for _, asked := range w.asked(op) {
					got := s.as(w.tokens[asked.ws], op.method, fill(op.path, asked.things()), "", "Muster-Min-Position", w.position)
					if got.status == 404 && len(op.parameters()) > 0 {
						continue
					}
					value, err := jsonschema.UnmarshalJSON(bytes.NewReader(got.body))
					if err == nil {
						err = all[op.named()].Validate(value)
					}
					if got.status != 200 || err != nil {
						t.Fatalf("%s: %d %s: %v", op.named(), got.status, got.body, err)
					}
					answered[op.named()]++
				}
			}
		}
	})
	for _, op := range queries {
		if op.method == "GET" && answered[op.named()] == 0 {
			t.Errorf("%s has never answered", op.named())
		}
	}
	t.Log(answered)
}

// world is an organization on which random commands are carried out.
type world struct {
	*service
	org        domain.OrganizationID
	workspaces []domain.WorkspaceID
	users      []domain.UserID
	token      domain.TokenID
	tokens     map[string]string // tokens that read a workspace, by the workspace's id
	ties       map[tenant]bool   // all memberships that ever existed
	position   string            // of the last command
}

func newWorld(s *service) *world {
	w := &world{
		service: s, org: domain.OrganizationID(uuid.New()), token: domain.TokenID(uuid.New()),
		tokens: make(map[string]string), ties: make(map[tenant]bool),
	}
	for range 6 {
		w.users = append(w.users, domain.UserID(uuid.New()))
	}
	system := domain.Actor{Kind: domain.ActorSystem, ID: "root"}
	w.do(domain.CreateOrganization{Meta: w.by(system), Name: "Acme", Owner: w.users[0], Profile: domain.ProfileFacts{Email: "olga@acme.example"}})
	for range 2 {
		ws := domain.WorkspaceID(uuid.New())
		w.do(domain.CreateWorkspace{Meta: w.by(system), Workspace: ws, Name: "Main", Owner: w.users[0], Membership: domain.MembershipID(uuid.New())})
		w.workspaces = append(w.workspaces, ws)
		w.tokens[ws.String()] = s.token(w.org.String(), "all:read", bound(ws.String()))
	}
	return w
}

func (w *world) by(actor domain.Actor) domain.Meta {
	return domain.Meta{ID: domain.CommandID(uuid.New()), Organization: w.org, Actor: actor}
}

// do runs a command, which may be refused.
func (w *world) do(c domain.Command) {
	result, _ := w.log.Run(context.Background(), c)
	if result.State == nil {
		return
	}
	w.position = result.Position.String()
	result.State.Each(func(_ domain.Key, p domain.Part) {
		if m, ok := p.(*domain.Membership); ok {
			w.ties[tenant{ws: m.Workspace.String(), member: m.User.String(), membership: m.ID.String()}] = true
		}
	})
}

// asked returns the things to ask an operation for: every membership, or every workspace
// if the operation names no membership.
func (w *world) asked(op operation) (all []tenant) {
	for _, name := range op.parameters() {
		if name != "workspaceId" {
			for tie := range w.ties {
				all = append(all, tie)
			}
			return all
		}
	}
	for _, ws := range w.workspaces {
		all = append(all, tenant{ws: ws.String()})
	}
	return all
}

// change runs random commands. Many of them are refused.
func (w *world) change(t *rapid.T, n int) {
	for range n {
		user, ws := rapid.SampledFrom(w.users).Draw(t, "user"), rapid.SampledFrom(w.workspaces).Draw(t, "workspace")
		actor := rapid.SampledFrom([]domain.Actor{
			{Kind: domain.ActorSystem, ID: "root"},
			{Kind: domain.ActorToken, ID: w.token.String(), Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
			{Kind: domain.ActorUser, ID: w.users[0].String(), User: w.users[0], Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
		}).Draw(t, "actor")
		w.do(w.draw(t, w.by(actor), ws, user))
		if rapid.IntRange(0, 4).Draw(t, "time") == 0 {
			w.clock.Add(rapid.Int64Range(1, 2*time.Hour.Milliseconds()).Draw(t, "goes on by"))
		}
	}
}

var (
	someRoles       = rapid.SampledFrom([]domain.RoleKey{"owner", "admin", "editor", "viewer", "client", "lead", "guest"})
	ownRoles        = rapid.SampledFrom([]domain.RoleKey{"lead", "guest"})
	somePermissions = rapid.SampledFrom([][]domain.Permission{nil, nil, {}, {"dashboard.view"}, {"content.edit"}, {"workspace.view", "leads.move", "crm.view"}})
	someLevels      = rapid.SampledFrom([]domain.Level{1, 9, 10, 19, 29, 39, 40, 49})
	someNames       = rapid.SampledFrom([]string{"Ada", "Zoë-Ann O'Neil", "李", `"quoted" \ <b>`, "e\u0301"})
)

func drawProfile(t *rapid.T) domain.ProfileFacts {
	p := domain.ProfileFacts{Email: rapid.SampledFrom([]string{"ada@acme.example", "o'neil+x@mail.acme.example", "grace@acme.example", "ADA.L@acme.example", "grace@bücher.example", "josé@acme.example", "root@localhost"}).Draw(t, "email")}
	if rapid.Bool().Draw(t, "named") {
		p.Name = domain.PersonName{First: someNames.Draw(t, "first name")}
	}
	if rapid.Bool().Draw(t, "with both names") {
		p.Name.Last = someNames.Draw(t, "last name")
	}
	if rapid.Bool().Draw(t, "with a picture") {
		p.AvatarURL = rapid.SampledFrom([]string{"https://acme.example/a.png?size=96", "https://bücher.example:443/ä.png"}).Draw(t, "picture")
	}
	return p
}

func (w *world) draw(t *rapid.T, m domain.Meta, ws domain.WorkspaceID, user domain.UserID) domain.Command {
	terms := func() domain.Terms {
		terms := domain.Terms{Role: someRoles.Draw(t, "role"), Permissions: somePermissions.Draw(t, "permissions")}
		if rapid.IntRange(0, 3).Draw(t, "ends") == 0 {
			terms.ExpiresAt = w.now().Add(time.Hour).UTC().Truncate(time.Millisecond)
		}
		return terms
	}
	id := domain.MembershipID(uuid.New())
	return rapid.SampledFrom([]func() domain.Command{
		func() domain.Command {
			add := domain.AddMember{Meta: m, Workspace: ws, User: user, Terms: terms(), Membership: id}
			if rapid.Bool().Draw(t, "introduced") {
				add.Profile = new(drawProfile(t).Patch())
			}
			return add
		},
		func() domain.Command {
			return domain.PutMember{Meta: m, Workspace: ws, User: user, Terms: terms(), Membership: id}
		},
		func() domain.Command {
			return domain.InviteMember{Meta: m, Workspace: ws, Profile: drawProfile(t), Terms: terms(), User: user, Membership: id, Secret: domain.Hash{1}}
		},
		func() domain.Command { return domain.AcceptInvitation{Meta: m, Workspace: ws, User: user} },
		func() domain.Command {
			role, permissions := someRoles.Draw(t, "role"), somePermissions.Draw(t, "permissions")
			return domain.ChangeMember{Meta: m, Workspace: ws, User: user, Role: &role, Permissions: &permissions}
		},
		func() domain.Command { return domain.SuspendMember{Meta: m, Workspace: ws, User: user} },
		func() domain.Command { return domain.ReinstateMember{Meta: m, Workspace: ws, User: user} },
		func() domain.Command { return domain.RemoveMember{Meta: m, Workspace: ws, User: user} },
		func() domain.Command { return domain.SetProfile{Meta: m, User: user, Profile: drawProfile(t).Patch()} },
		func() domain.Command {
			role := rapid.SampledFrom([]domain.OrganizationRole{domain.OrganizationOwner, domain.OrganizationAdmin, domain.OrganizationPlain}).Draw(t, "role")
			return domain.PutOrganizationMember{Meta: m, User: user, Role: role}
		},
		func() domain.Command { return domain.SuspendOrganizationMember{Meta: m, User: user} },
		func() domain.Command { return domain.ReinstateOrganizationMember{Meta: m, User: user} },
		func() domain.Command { return domain.RemoveOrganizationMember{Meta: m, User: user} },
		func() domain.Command {
			return domain.CreateRole{Meta: m, Role: domain.Role{
				ID: domain.RoleID(uuid.New()), Key: ownRoles.Draw(t, "role"), Name: someNames.Draw(t, "name"), Level: someLevels.Draw(t, "level"),
				Permissions: []domain.Permission{"workspace.view"},
			}}
		},
		func() domain.Command {
			level := someLevels.Draw(t, "level")
			return domain.UpdateRole{Meta: m, Key: ownRoles.Draw(t, "role"), Level: &level}
		},
		func() domain.Command { return domain.ArchiveRole{Meta: m, Key: ownRoles.Draw(t, "role")} },
		func() domain.Command {
			if rapid.IntRange(0, 3).Draw(t, "archived") == 3 {
				return domain.ArchiveWorkspace{Meta: m, Workspace: ws}
			}
			return domain.RestoreWorkspace{Meta: m, Workspace: ws}
		},
		func() domain.Command {
			return domain.RenameWorkspace{Meta: m, Workspace: ws, Name: fmt.Sprint("No. ", rapid.IntRange(1, 9).Draw(t, "number"))}
		},
	}).Draw(t, "command")()
}
