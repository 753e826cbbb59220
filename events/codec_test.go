package events

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

var update = flag.Bool("update", false, "write the files in testdata of events that have none yet")

// samples has one event of every type.
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
	}
}

// recorded is the sample as it stands in the log.
func recorded(e domain.Event) *domain.Recorded {
	var ids eventIDs
	r := &domain.Recorded{
		Event: e, ID: ids.next(testTime), Number: 1042, Time: testTime,
		Actor:      domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{7}.String(), User: domain.UserID{7}},
		OnBehalfOf: domain.UserID{8}, Command: domain.CommandID{9}, Request: domain.Hash{10}, Cause: domain.EventID{11}, Reason: "a reason",
	}
	copy(r.ID[6:], "tenletters")
	return r
}

// What was ever written decodes for ever: the files are never changed, and a type
// or schema that is new gets another one.
func TestStoredEventsDecodeForEver(t *testing.T) {
	for _, e := range samples() {
		name := strings.TrimPrefix(e.EventType(), "muster.") + ".1.json"
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			r := recorded(e)
			wire, err := encode(nil, 3, r)
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
				t.Fatalf("%v: go test ./events -update writes it", err)
			}
			stored = bytes.TrimSpace(stored)
			entry, position, err := Decode(stored)
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

// Times in the data have three digits of milliseconds, like the event's own; those
// of old events, without the zeros at the end, are read as well.
func TestTimesInData(t *testing.T) {
	about := domain.About{Organization: domain.OrganizationID{1}, Workspace: domain.WorkspaceID{2}, User: domain.UserID{3}}
	for _, c := range []struct {
		at       time.Time
		now, old string
	}{
		{time.Date(2026, 3, 5, 23, 9, 47, 0, time.UTC), "2026-03-05T23:09:47.000Z", "2026-03-05T23:09:47Z"},
		{time.Date(2026, 3, 5, 23, 9, 47, 500e6, time.UTC), "2026-03-05T23:09:47.500Z", "2026-03-05T23:09:47.5Z"},
		{time.Date(2026, 3, 5, 23, 9, 47, 280e6, time.FixedZone("", 3600)), "2026-03-05T22:09:47.280Z", "2026-03-05T23:09:47.28+01:00"},
		{time.Date(2026, 3, 5, 23, 9, 47, 281e6+1, time.UTC), "2026-03-05T23:09:47.281000001Z", "2026-03-05T23:09:47.281000001Z"}, // nothing gets lost
	} {
		for _, e := range []domain.Event{
			domain.MemberAdded{About: about, Role: domain.RoleEditor, ExpiresAt: c.at},
			domain.MemberInvited{About: about, Role: domain.RoleEditor, ExpiresAt: c.at, Invitation: domain.InvitationFacts{ExpiresAt: c.at}},
			domain.MemberInvitationRenewed{About: about, Invitation: domain.InvitationFacts{ExpiresAt: c.at}},
			domain.MemberExpiryChanged{About: about, ExpiresAt: domain.Change[*time.Time]{From: &c.at}},
			domain.TokenIssued{About: about, Token: domain.TokenFacts{Scopes: domain.Scopes{"access:read"}, ExpiresAt: c.at}},
			domain.TokenRotated{About: about, FormerUntil: c.at},
		} {
			wire, err := encode(nil, 3, recorded(e))
			if err != nil || !bytes.Contains(wire, []byte(`"`+c.now+`"`)) {
				t.Errorf("%v: %s does not say %s", err, wire, c.now)
			}
			entry, _, err := Decode(bytes.ReplaceAll(wire, []byte(c.now), []byte(c.old)))
			if d := cmp.Diff(e, entry.Event); d != "" || err != nil {
				t.Errorf("%v, read from %s, want - and got +:\n%s", err, c.old, d)
			}
		}
	}
	wire, err := encode(nil, 3, recorded(domain.MemberAdded{About: about, Role: domain.RoleEditor}))
	if err != nil || bytes.Contains(wire, []byte("expires_at")) {
		t.Errorf("%v: no time at all is not left out: %s", err, wire)
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

// What a newer version has written is refused by name, not read as something else.
func TestWhatIsUnknownIsRefused(t *testing.T) {
	wire, err := encode(nil, 3, recorded(samples()[10]))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, old, new string
		want           error
	}{
		{"a type", `"muster.member.added"`, `"muster.member.cloned"`, ErrUnknownType},
		{"a schema", `"schema":1`, `"schema":2`, ErrUnknownSchema},
		{"an attribute", `"schema":1`, `"schema":1,"mood":"good"`, nil},
		{"a field of the data", `"role":"editor"`, `"role":"editor","mood":"good"`, nil},
		{"an attribute twice", `"schema":1`, `"schema":1,"schema":1`, nil},
	} {
		changed := bytes.Replace(wire, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(changed, wire) {
			t.Fatalf("%s: nothing to change", c.name)
		}
		if _, _, err := Decode(changed); err == nil || c.want != nil && (!errors.Is(err, c.want) || !strings.Contains(err.Error(), "3-1042")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range samples() {
		wire, err := encode(nil, 3, recorded(e))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		entry, position, err := Decode(wire)
		if err != nil {
			return
		}
		// What decodes is written again as something that decodes to the same.
		again, err := encode(nil, position.Partition, &entry.Recorded)
		if err != nil {
			t.Fatal(err)
		}
		second, _, err := Decode(again)
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, wire, again)
		}
		if d := cmp.Diff(entry.Recorded, second.Recorded); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(`[{"a":1},{"b":[2]}]`))
	f.Add([]byte(`[ 1 , "x" ]`))
	f.Add([]byte(`[]x`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		values, err := split(payload)
		if err != nil {
			return
		}
		var want []json.RawMessage
		if err := json.Unmarshal(payload, &want); err != nil || len(want) != len(values) {
			t.Fatalf("%d values, encoding/json: %d, %v", len(values), len(want), err)
		}
		for i := range want {
			if !bytes.Equal(want[i], values[i]) {
				t.Fatalf("value %d is %s, not %s", i, values[i], want[i])
			}
		}
	})
}

func FuzzParsePosition(f *testing.F) {
	f.Add("3-1042")
	f.Add("-")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePosition(s)
		if err != nil {
			return
		}
		if again, err := ParsePosition(p.String()); err != nil || again != p {
			t.Fatalf("%q is %v, which is written as %q", s, p, p)
		}
	})
}

// A time has three digits of milliseconds, whatever they are.
func TestTimesHaveMilliseconds(t *testing.T) {
	for at, want := range map[time.Duration]string{0: ".000Z", 100 * time.Millisecond: ".100Z", 120 * time.Millisecond: ".120Z", 123 * time.Millisecond: ".123Z"} {
		r := recorded(domain.WorkspaceArchived{About: domain.About{Organization: domain.OrganizationID{1}}})
		r.Time = testTime.Truncate(time.Second).Add(at)
		wire, err := encode(nil, 3, r)
		if err != nil || !bytes.Contains(wire, []byte(want+`","datacontenttype"`)) {
			t.Errorf("%v: %v %s", at, err, wire)
		}
		entry, _, err := Decode(wire)
		if err != nil || !entry.Time.Equal(r.Time) {
			t.Errorf("%v: %v, read as %v", at, err, entry.Time)
		}
	}
}
