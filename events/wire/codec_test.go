package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

var testTime = time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC)

var update = flag.Bool("update", false, "write the files in testdata of events that have none yet")

// samples returns one event of every type.
func samples() []domain.Event {
	about := domain.About{Organization: domain.OrganizationID{1}, Workspace: domain.WorkspaceID{2}, User: domain.UserID{3}}
	org := domain.About{Organization: about.Organization}
	user := domain.About{Organization: about.Organization, User: about.User}
	ws := domain.About{Organization: about.Organization, Workspace: about.Workspace}
	membership := domain.MembershipID{4}
	later := testTime.Add(time.Hour)
	return []domain.Event{
		domain.OrganizationCreated{About: org, Name: "Analytical Engines"},
		domain.OrganizationRenamed{About: org, Name: domain.Change[string]{From: "Analytical Engines", To: "Difference Engines"}},
		domain.OrganizationMemberAdded{About: user, Role: domain.OrganizationAdmin},
		domain.OrganizationMemberRoleChanged{About: user, Role: domain.Change[domain.OrganizationRole]{From: domain.OrganizationAdmin, To: domain.OrganizationOwner}},
		domain.OrganizationMemberRemoved{About: user, Role: domain.OrganizationOwner},
		domain.OrganizationMemberRemoved{About: user, Ending: true},
		domain.UserProfileSet{About: user, Profile: domain.ProfileFacts{
			Email: "ada@example.com", Name: domain.PersonName{First: "Ada", Last: "Lovelace"}, AvatarURL: "https://example.com/ada.png",
		}},
		domain.WorkspaceCreated{About: ws, Name: "Mill"},
		domain.WorkspaceRenamed{About: ws, Name: domain.Change[string]{From: "Mill", To: "Store"}},
		domain.WorkspaceArchived{About: ws},
		domain.WorkspaceRestored{About: ws},
		domain.MemberAdded{About: about, Membership: membership, Role: domain.RoleEditor},
		domain.WorkspaceOwnershipTransferred{About: ws, Owner: domain.Change[domain.UserID]{From: domain.UserID{3}, To: domain.UserID{12}}},
		domain.MemberInvited{
			About: about, Membership: membership, Role: "auditor", Permissions: []domain.Permission{"reports.view"}, ExpiresAt: testTime.Add(48 * time.Hour),
			Invitation: domain.InvitationFacts{Secret: domain.Hash{13}, ExpiresAt: testTime.Add(24 * time.Hour)},
		},
		domain.MemberAccepted{About: about, Membership: membership},
		domain.MemberInvitationRenewed{
			About: about, Membership: membership, Invitation: domain.InvitationFacts{Secret: domain.Hash{14}, ExpiresAt: testTime.Add(24 * time.Hour)},
		},
		domain.MemberPermissionsChanged{
			About: about, Membership: membership,
			Permissions: domain.Change[[]domain.Permission]{From: nil, To: []domain.Permission{}},
		},
		domain.MemberExpiryChanged{About: about, Membership: membership, ExpiresAt: domain.Change[*time.Time]{To: &later}},
		domain.MemberSuspended{About: about, Membership: membership},
		domain.MemberReinstated{About: about, Membership: membership},
		domain.MemberLeft{About: about, Membership: membership, Role: domain.RoleEditor},
		domain.MemberExpired{About: about, Membership: membership, Role: domain.RoleEditor},
		domain.RoleCreated{About: org, RoleID: domain.RoleID{15}, Key: "auditor", Name: "Auditor", Level: 15, Permissions: []domain.Permission{"reports.view"}},
		domain.RoleUpdated{About: org, RoleID: domain.RoleID{15}, Key: "auditor", Name: "Auditor", Level: 16, Permissions: []domain.Permission{}},
		domain.RoleArchived{About: org, RoleID: domain.RoleID{15}, Key: "auditor"},
		domain.OrganizationMemberSuspended{About: user},
		domain.OrganizationMemberReinstated{About: user},
		domain.MemberRoleChanged{About: about, Membership: membership, Role: domain.Change[domain.RoleKey]{From: domain.RoleEditor, To: domain.RoleAdmin}},
		domain.MemberRemoved{About: about, Membership: membership, Role: domain.RoleAdmin},
		domain.TokenIssued{About: org, Token: domain.TokenFacts{
			ID: domain.TokenID{5}, Name: "robot", Secret: domain.Hash{6}, Scopes: domain.Scopes{"access:read"},
			Workspace: about.Workspace, User: about.User, ExpiresAt: testTime.Add(time.Hour),
		}},
		domain.TokenRotated{About: org, TokenID: domain.TokenID{5}, Secret: domain.Hash{7}, FormerUntil: later},
		domain.TokenRevoked{About: org, TokenID: domain.TokenID{5}},
		domain.SubscriptionCreated{About: org, From: 17, Subscription: domain.SubscriptionFacts{
			ID: domain.SubscriptionID{16}, Kind: domain.SubscriptionWebhook, Secret: domain.Hash{17},
			SubscriptionTerms: domain.SubscriptionTerms{
				Name: "Provisioning", Types: []string{"muster.member.*"}, Workspace: about.Workspace,
				URL: "https://example.com/hook", Include: []string{domain.IncludeProfile}, Batch: 50,
			},
		}},
		domain.SubscriptionUpdated{About: org, ID: domain.SubscriptionID{16}, SubscriptionTerms: domain.SubscriptionTerms{Name: "All", Types: []string{}}},
		domain.SubscriptionPaused{About: org, ID: domain.SubscriptionID{16}, Cause: domain.PauseGone, Detail: "the receiver has sent 410 Gone"},
		domain.SubscriptionResumed{About: org, ID: domain.SubscriptionID{16}},
		domain.SubscriptionRewound{About: org, ID: domain.SubscriptionID{16}, From: 3},
		domain.SubscriptionSkipped{About: org, ID: domain.SubscriptionID{16}, Number: 42, Why: "cannot be read"},
		domain.SubscriptionSecretRotated{About: org, ID: domain.SubscriptionID{16}, Secret: domain.Hash{18}, Generation: 2, FormerUntil: later},
		domain.SubscriptionDeleted{About: org, ID: domain.SubscriptionID{16}},
		domain.UserErasureRequested{About: user, Key: domain.PersonalKeyID{19}},
		domain.UserErased{About: user, Key: domain.PersonalKeyID{19}},
		domain.UserProfileSet{About: user, Sealed: domain.SealedProfile{Key: domain.PersonalKeyID{19}, Text: "c2VhbGVkIQ=="}},
		domain.ReviewOpened{About: domain.About{Organization: about.Organization, Workspace: about.Workspace}, Review: domain.ReviewFacts{
			ID: domain.ReviewID{19}, Name: "Spring", AsOf: 1041, At: testTime, Rows: 12, DueAt: later,
		}},
		domain.ReviewRowDecided{About: about, ID: domain.ReviewID{19}, Decision: domain.ReviewRevoked, Before: domain.ReviewKept, Why: "left the team"},
		domain.ReviewClosed{About: org, ID: domain.ReviewID{19}, Undecided: 3, Why: "the owner is away"},
	}
}

// recorded returns the sample as the log would hold it.
func recorded(e domain.Event) *domain.Recorded {
	var ids EventIDs
	r := &domain.Recorded{
		Event: e, ID: ids.Next(testTime), Number: 1042, Time: testTime,
		Actor:      domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{7}.String(), User: domain.UserID{7}},
		OnBehalfOf: domain.UserID{8}, Command: domain.CommandID{9}, Request: domain.Hash{10}, Cause: domain.EventID{11}, Reason: "a reason",
	}
	copy(r.ID[6:], "tenletters")
	return r
}

// fileOf returns the name of the file in testdata that holds the sample.
func fileOf(e domain.Event) string {
	name := strings.TrimPrefix(e.EventType(), "muster.") + ".1.json"
	if removed, ok := e.(domain.OrganizationMemberRemoved); ok && removed.Ending {
		name = strings.Replace(name, ".1.", ".ending.1.", 1)
	}
	if set, ok := e.(domain.UserProfileSet); ok && !set.Sealed.Key.IsZero() {
		name = strings.Replace(name, ".1.", ".sealed.1.", 1)
	}
	return name
}

// What was ever written decodes for ever. The files are never changed, and a new
// type or schema gets a new file.
func TestStoredEventsDecodeForEver(t *testing.T) {
	for _, e := range samples() {
		name := fileOf(e)
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			r := recorded(e)
			wire, err := Encode(nil, 3, r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path); *update && errors.Is(err, os.ErrNotExist) {
				if err := os.WriteFile(path, append(wire, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			stored, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v: go test ./events/wire -update writes it", err)
			}
			stored = bytes.TrimSpace(stored)
			entry, position, err := decode(stored)
			if err != nil {
				t.Fatal(err)
			}
			if want := (Position{3, 1042}); position != want {
				t.Errorf("position %s, not %s", position, want)
			}
			if d := cmp.Diff(*r, entry.Recorded); d != "" {
				t.Errorf("decoded, want - and got +:\n%s", d)
			}
			if !bytes.Equal(wire, stored) {
				t.Errorf("the event is written otherwise than it was:\n%s\n%s", wire, stored)
			}
			var ce cloudevents.Event
			if err := json.Unmarshal(stored, &ce); err != nil {
				t.Fatalf("the CloudEvents SDK cannot read it: %v", err)
			}
			if err := ce.Validate(); err != nil {
				t.Fatalf("the CloudEvents SDK finds it invalid: %v", err)
			}
		})
	}
}

// Events without a dataschema, which earlier versions wrote, decode for ever too, and are
// shown as they are.
func TestEventsWithoutADataSchemaDecodeForEver(t *testing.T) {
	const directory, files = "testdata/without_dataschema", 32
	found, err := filepath.Glob(filepath.Join(directory, "*.json"))
	if err != nil || len(found) != files {
		t.Fatalf("%s has %d files, not the %d that were written: %v", directory, len(found), files, err)
	}
	for _, e := range samples() {
		text, err := os.ReadFile(filepath.Join(directory, fileOf(e)))
		if errors.Is(err, os.ErrNotExist) {
			continue // the type is younger
		} else if err != nil {
			t.Fatal(err)
		}
		name, stored := e.EventType(), bytes.TrimSpace(text)
		entry, position, err := decode(stored)
		if want := (Position{3, 1042}); err != nil || position != want {
			t.Fatalf("%s: %s, %v", name, position, err)
		}
		if d := cmp.Diff(*recorded(e), entry.Recorded); d != "" {
			t.Errorf("%s: decoded, want - and got +:\n%s", name, d)
		}
		if !bytes.Equal(entry.Stored, stored) {
			t.Errorf("%s is stored as %s", name, entry.Stored)
		}
		payload := append(append([]byte{'['}, stored...), ']')
		entries, ok := quickly(payload, Position{3, 1042})
		if !ok {
			t.Fatalf("%s cannot be decoded quickly", name)
		}
		if d := cmp.Diff(entry, entries[0]); d != "" {
			t.Errorf("%s: slowly - quickly +:\n%s", name, d)
		}
		// What is written now differs in the dataschema alone.
		now, err := Encode(nil, 3, recorded(e))
		if err != nil {
			t.Fatal(err)
		}
		added := `,"dataschema":"` + DataSchema(e.EventType(), 1) + `"`
		if before := bytes.Replace(now, []byte(added), nil, 1); !bytes.Equal(before, stored) || bytes.Equal(before, now) {
			t.Errorf("%s is written otherwise than it was:\n%s\n%s", name, now, stored)
		}
	}
}

func TestEveryTypeHasASample(t *testing.T) {
	sampled := map[string]bool{}
	for _, e := range samples() {
		sampled[e.EventType()] = true
	}
	for _, eventType := range Types() {
		if !sampled[eventType] {
			t.Errorf("%s has no sample, and so no file that holds its format", eventType)
		}
	}
}

// An event of a newer version is refused with an error that names it. It is never
// read as something else.
func TestWhatIsUnknownIsRefused(t *testing.T) {
	wire, err := Encode(nil, 3, recorded(samples()[11]))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, old, new string
		want           error
	}{
		{"a type", `"muster.member.added"`, `"muster.member.cloned"`, ErrUnknownType},
		{"a schema", `"schema":1`, `"schema":2`, ErrUnknownSchema},
		{"a dataschema", `/muster.member.added/1"`, `/muster.member.added/2"`, ErrUnknownSchema},
		{"an empty dataschema", `"muster://schemas/muster.member.added/1"`, `""`, ErrUnknownSchema},
		{"an attribute", `"schema":1`, `"schema":1,"mood":"good"`, nil},
		{"a field of the data", `"role":"editor"`, `"role":"editor","mood":"good"`, nil},
		{"an attribute twice", `"schema":1`, `"schema":1,"schema":1`, nil},
	} {
		changed := bytes.Replace(wire, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(changed, wire) {
			t.Fatalf("%s: nothing to change", c.name)
		}
		if _, _, err := decode(changed); err == nil || c.want != nil && (!errors.Is(err, c.want) || !strings.Contains(err.Error(), "3-1042")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
