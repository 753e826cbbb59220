package wire

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// Times in the data have three digits of milliseconds, like the event's own time.
// Those of old events, which lack trailing zeros, can still be read.
func TestTimesInData(t *testing.T) {
	about := domain.About{Organization: domain.OrganizationID{1}, Workspace: domain.WorkspaceID{2}, User: domain.UserID{3}}
	for _, c := range []struct {
		at       time.Time
		now, old string
	}{
		{time.Date(2026, 3, 5, 23, 9, 47, 0, time.UTC), "2026-03-05T23:09:47.000Z", "2026-03-05T23:09:47Z"},
		{time.Date(2026, 3, 5, 23, 9, 47, 500e6, time.UTC), "2026-03-05T23:09:47.500Z", "2026-03-05T23:09:47.5Z"},
		{time.Date(2026, 3, 5, 23, 9, 47, 280e6, time.FixedZone("", 3600)), "2026-03-05T22:09:47.280Z", "2026-03-05T23:09:47.28+01:00"},
		{time.Date(2026, 3, 5, 23, 9, 47, 281e6+1, time.UTC), "2026-03-05T23:09:47.281000001Z", "2026-03-05T23:09:47.281000001Z"}, // no digit is lost
	} {
		for _, e := range []domain.Event{
			domain.MemberAdded{About: about, Role: domain.RoleEditor, ExpiresAt: c.at},
			domain.MemberInvited{About: about, Role: domain.RoleEditor, ExpiresAt: c.at, Invitation: domain.InvitationFacts{ExpiresAt: c.at}},
			domain.MemberInvitationRenewed{About: about, Invitation: domain.InvitationFacts{ExpiresAt: c.at}},
			domain.MemberExpiryChanged{About: about, ExpiresAt: domain.Change[*time.Time]{From: &c.at}},
			domain.TokenIssued{About: about, Token: domain.TokenFacts{Scopes: domain.Scopes{"access:read"}, ExpiresAt: c.at}},
			domain.TokenRotated{About: about, FormerUntil: c.at},
		} {
			wire, err := Encode(nil, 3, recorded(e))
			if err != nil || !bytes.Contains(wire, []byte(`"`+c.now+`"`)) {
				t.Errorf("%v: %s does not say %s", err, wire, c.now)
			}
			entry, _, err := Decode(bytes.ReplaceAll(wire, []byte(c.now), []byte(c.old)))
			if d := cmp.Diff(e, entry.Event); d != "" || err != nil {
				t.Errorf("%v, read from %s, want - and got +:\n%s", err, c.old, d)
			}
		}
	}
	wire, err := Encode(nil, 3, recorded(domain.MemberAdded{About: about, Role: domain.RoleEditor}))
	if err != nil || bytes.Contains(wire, []byte("expires_at")) {
		t.Errorf("%v: no time at all is not left out: %s", err, wire)
	}
}

// A time always has three digits of milliseconds, also when they are zeros.
func TestTimesHaveMilliseconds(t *testing.T) {
	for at, want := range map[time.Duration]string{0: ".000Z", 100 * time.Millisecond: ".100Z", 120 * time.Millisecond: ".120Z", 123 * time.Millisecond: ".123Z"} {
		r := recorded(domain.WorkspaceArchived{About: domain.About{Organization: domain.OrganizationID{1}}})
		r.Time = testTime.Truncate(time.Second).Add(at)
		wire, err := Encode(nil, 3, r)
		if err != nil || !bytes.Contains(wire, []byte(want+`","datacontenttype"`)) {
			t.Errorf("%v: %v %s", at, err, wire)
		}
		entry, _, err := Decode(wire)
		if err != nil || !entry.Time.Equal(r.Time) {
			t.Errorf("%v: %v, read as %v", at, err, entry.Time)
		}
	}
}
