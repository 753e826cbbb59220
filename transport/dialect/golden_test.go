package dialect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/muster-dev/muster/domain"
)

// worlds maps each dialect to a function that makes the things of its vendor's examples,
// with the same ids, names and times. The function returns the texts to put in place of
// tokens and ids such as <token> and {id}, in requests and answers.
var worlds = map[string]func(*service) map[string]string{
	"instantly":       instantlyWorld,
	"transactionlink": transactionlinkWorld,
	"teamwork":        teamworkWorld,
	"attio":           attioWorld,
}

// TestGolden runs the sessions in the dialects' testdata. A session consists of requests,
// as curl commands from the vendor's documentation, and the answers to them. Only the
// hosts and tokens differ from the documentation.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("*", "testdata", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, file := range files {
		dialect, _, _ := strings.Cut(filepath.ToSlash(file), "/")
		seen[dialect] = true
		t.Run(strings.TrimSuffix(filepath.ToSlash(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := start(t, 0)
			known := worlds[dialect](s)
			for i := 0; i+1 < len(archive.Files); i += 2 {
				request, expected := archive.Files[i], archive.Files[i+1]
				if request.Name != "request" || expected.Name != "answer" {
					t.Fatalf("file %d is %s, and then comes %s: want a request and an answer", i, request.Name, expected.Name)
				}
				asked, err := s.curl(string(request.Data), known)
				if err != nil {
					t.Fatalf("%v:\n%s", err, request.Data)
				}
				got := s.do(asked)
				status, body, _ := strings.Cut(replace(string(expected.Data), known), "\n")
				want := answer{body: []byte(body)}
				if diff := cmp.Diff(status+"\n"+want.indented(), fmt.Sprintf("%d\n%s", got.status, answer{body: append(got.body, '\n')}.indented())); diff != "" {
					t.Errorf("%s%s", request.Data, diff)
				}
			}
		})
	}
	for _, f := range All() {
		if !seen[f.Name] {
			t.Errorf("%s has no golden tests", f.Name)
		}
	}
}

func replace(text string, known map[string]string) string {
	for name, value := range known {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

// curl returns the request that a curl command would send, addressed to the service
// instead of the vendor.
func (s *service) curl(line string, known map[string]string) (*http.Request, error) {
	words, err := shellWords(strings.ReplaceAll(replace(line, known), "\\\n", " "))
	if err != nil {
		return nil, err
	}
	if len(words)%2 == 0 || words[0] != "curl" {
		return nil, errors.New("curl and its options, each with a value, are expected")
	}
	method, path, body, header := "", "", "", make(http.Header)
	for i := 1; i < len(words); i += 2 {
		switch value := words[i+1]; words[i] {
		case "--request":
			method = value
		case "--url":
			_, rest, _ := strings.Cut(value, "://")
			_, rest, _ = strings.Cut(rest, "/")
			path = "/" + rest
		case "--header":
			name, text, _ := strings.Cut(value, ": ")
			header.Set(name, text)
		case "--data":
			body = value
		default:
			return nil, fmt.Errorf("%s is not understood here", words[i])
		}
	}
	request, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, strings.NewReader(body))
	if err == nil {
		request.Header = header
	}
	return request, err
}

// shellWords splits a line like a shell, but knows no quotes except single ones.
func shellWords(line string) (words []string, err error) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		word, ok := "", true
		if quoted, isQuoted := strings.CutPrefix(line, "'"); isQuoted {
			word, line, ok = strings.Cut(quoted, "'")
		} else if end := strings.IndexAny(line, " \n\t"); end >= 0 {
			word, line = line[:end], line[end:]
		} else {
			word, line = line, ""
		}
		if !ok {
			return nil, errors.New("a quote is not closed")
		}
		words = append(words, word)
	}
	return words, nil
}

// instantlyWorld makes the world of Instantly's example: an owner has invited somebody,
// with one permission.
func instantlyWorld(s *service) map[string]string {
	const membership = "019cc043-af91-783e-9927-3daab1cd9277"
	org, ws := domain.OrganizationID(uuid.New()), domain.WorkspaceID(uuid.MustParse("019cc043-af91-783e-9927-3dac07d1c206"))
	issuer, invited := domain.UserID(uuid.MustParse("019cc043-af91-783e-9927-3dad367acbdf")), domain.UserID(uuid.MustParse("019cc043-af91-783e-9927-3dab8777b06e"))
	by := func() domain.Meta {
		return domain.Meta{ID: domain.CommandID(uuid.New()), Organization: org, Actor: domain.Actor{Kind: domain.ActorUser, ID: issuer.String(), User: issuer}}
	}
	system := by()
	system.Actor = domain.Actor{Kind: domain.ActorSystem, ID: "root"}
	s.run(
		domain.CreateOrganization{Meta: system, Name: "Example", Owner: issuer, Profile: domain.ProfileFacts{Email: "owner@example.com"}},
		domain.CreateWorkspace{Meta: by(), Workspace: ws, Name: "Main", Owner: issuer, Membership: domain.MembershipID(uuid.MustParse("019cc043-af91-783e-9927-3daa00000001"))},
		domain.InviteMember{
			Meta: by(), Workspace: ws, User: invited, Membership: domain.MembershipID(uuid.MustParse(membership)), Secret: domain.Hash{1},
			Profile: domain.ProfileFacts{Email: "user@example.com", Name: domain.PersonName{First: "John", Last: "Smith"}},
			Terms:   domain.Terms{Role: domain.RoleEditor, Permissions: []domain.Permission{"dashboard.view"}},
		},
	)
	return map[string]string{
		"<token>":  s.token(org.String(), "workspace_members:all", bound(ws.String())),
		"<reader>": s.token(org.String(), "workspace_members:read", bound(ws.String())),
		"<wide>":   s.token(org.String(), "all:all"),
		"{id}":     membership,
	}
}

// transactionlinkWorld makes a workspace with two members, one of whom is also the
// organization's owner. The organization has an admin, too, and a role of its own.
func transactionlinkWorld(s *service) map[string]string {
	const workspace = "019cc043-af91-783e-9927-3dac07d1c206"
	org, ws := domain.OrganizationID(uuid.New()), domain.WorkspaceID(uuid.MustParse(workspace))
	reviewer := domain.RoleID(uuid.MustParse("019cc043-c0de-783e-9927-3dac07d1c206"))
	user := func(n byte) domain.UserID { return domain.UserID{0x01, 0x9c, 0xc0, 0x43, 6: 0x70, 8: 0x80, 15: n} }
	owner, editor, admin := user(1), user(2), user(3)
	by := func() domain.Meta {
		return domain.Meta{ID: domain.CommandID(uuid.New()), Organization: org, Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"}}
	}
	s.run(
		domain.CreateOrganization{Meta: by(), Name: "Example", Owner: owner, Profile: domain.ProfileFacts{Email: "owner@example.com"}},
		domain.PutOrganizationMember{Meta: by(), User: admin, Role: domain.OrganizationAdmin},
	)
	s.clock.Add(1000)
	s.run(domain.CreateRole{Meta: by(), Role: domain.Role{
		ID: reviewer, Key: "reviewer", Name: "Reviewer", Level: 25, Permissions: []domain.Permission{"workspace.view"},
	}})
	s.clock.Add(1000)
	s.run(
		domain.CreateWorkspace{Meta: by(), Workspace: ws, Name: "Main", Owner: owner, Membership: domain.MembershipID(uuid.New())},
		domain.AddMember{Meta: by(), Workspace: ws, User: editor, Terms: domain.Terms{Role: domain.RoleEditor}, Membership: domain.MembershipID(uuid.New())},
	)
	return map[string]string{
		"<tot_token>":       s.token(org.String(), "workspace_members:all"),
		"<tot_reader>":      s.token(org.String(), "workspace_members:read"),
		"{workspaceId}":     workspace,
		"{userId}":          editor.String(),
		"{newcomer}":        user(4).String(),
		"{roleId:viewer}":   "00000000-0000-8000-8000-000000000020",
		"{roleId:reviewer}": reviewer.String(),
	}
}

// attioWorld makes the world of Attio's example: an owner has added somebody to a
// workspace. The time is that of the example, in whole milliseconds.
func attioWorld(s *service) map[string]string {
	const workspace, susan = "14beef7a-99f7-4534-a87e-70b564330a4c", "50cf242c-7fa3-4cad-87d0-75b1af71c57b"
	s.clock.Store(time.Date(2022, 11, 21, 13, 22, 49, 61e6, time.UTC).UnixMilli())
	org, ws := domain.OrganizationID(uuid.New()), domain.WorkspaceID(uuid.MustParse(workspace))
	owner := domain.UserID(uuid.New())
	by := func() domain.Meta {
		return domain.Meta{ID: domain.CommandID(uuid.New()), Organization: org, Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"}}
	}
	s.run(
		domain.CreateOrganization{Meta: by(), Name: "Example", Owner: owner, Profile: domain.ProfileFacts{
			Email: "steve.jobs@apple.com", Name: domain.PersonName{First: "Steve", Last: "Jobs"},
		}},
		domain.CreateWorkspace{Meta: by(), Workspace: ws, Name: "Icons", Owner: owner, Membership: domain.MembershipID(uuid.MustParse("50cf242c-7fa3-4cad-87d0-000000000001"))},
		domain.AddMember{
			Meta: by(), Workspace: ws, User: domain.UserID(uuid.New()), Membership: domain.MembershipID(uuid.MustParse(susan)),
			Terms: domain.Terms{Role: domain.RoleEditor},
			Profile: new(domain.ProfileFacts{
				Email: "susan.kare@apple.com", Name: domain.PersonName{First: "Susan", Last: "Kare"},
				AvatarURL: "https://lh3.googleusercontent.com/a/ABdFTp7z6OgAW9EqZx78wTqPfWClGCJCZXFjQfBG7rd9=s96-c",
			}.Patch()),
		},
	)
	token := s.token(org.String(), "user_management:read events:read", bound(workspace))
	return map[string]string{
		"<token>":               token,
		"<wide>":                s.token(org.String(), "all:all"),
		"<unrelated>":           s.token(org.String(), "workspace_members:update", bound(workspace)),
		"<token id>":            s.as(token, "GET", "/v1/self", "").want(200).get("token_id"),
		"{workspace_member_id}": susan,
	}
}

// teamworkWorld makes a workspace with an owner, an admin and an editor. The owner of the
// organization is another user.
func teamworkWorld(s *service) map[string]string {
	const workspace = "019cc043-af91-783e-9927-3dac07d1c206"
	org, ws := domain.OrganizationID(uuid.New()), domain.WorkspaceID(uuid.MustParse(workspace))
	user := func(n byte) domain.UserID { return domain.UserID{0x01, 0x9c, 0xc0, 0x43, 6: 0x70, 8: 0x80, 15: n} }
	membership := func(n byte) domain.MembershipID {
		return domain.MembershipID{0x01, 0x9c, 0xc0, 0x43, 4: 0xaf, 6: 0x70, 8: 0x80, 15: n}
	}
	runner, owner, admin, editor := user(1), user(2), user(3), user(4)
	by := func() domain.Meta {
		return domain.Meta{ID: domain.CommandID(uuid.New()), Organization: org, Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"}}
	}
	s.run(
		domain.CreateOrganization{Meta: by(), Name: "Example", Owner: runner, Profile: domain.ProfileFacts{Email: "runner@example.com"}},
		domain.CreateWorkspace{Meta: by(), Workspace: ws, Name: "Main", Owner: owner, Membership: membership(2)},
		domain.AddMember{Meta: by(), Workspace: ws, User: admin, Terms: domain.Terms{Role: domain.RoleAdmin}, Membership: membership(3)},
		domain.AddMember{Meta: by(), Workspace: ws, User: editor, Terms: domain.Terms{Role: domain.RoleEditor}, Membership: membership(4)},
	)
	of := func(u domain.UserID) string { return s.token(org.String(), "all:all", fmt.Sprintf(`"user_id":%q`, u)) }
	return map[string]string{
		"<token>":       s.token(org.String(), "workspace_members:all"),
		"<reader>":      s.token(org.String(), "workspace_members:read"),
		"<runner>":      of(runner),
		"<owner>":       of(owner),
		"<admin>":       of(admin),
		"{workspaceId}": workspace,
		"{memberId}":    membership(4).String(),
		"{ownerId}":     membership(2).String(),
		"{newcomer}":    user(5).String(),
	}
}
