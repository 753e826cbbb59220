package wire

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
)

// The events that are written member by member are written as their tags describe.
func TestDataIsWhatTheTagsDescribe(t *testing.T) {
	text := rapid.String()
	events := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) domain.Event {
			e := domain.MemberAdded{Membership: domain.MembershipID{15: rapid.Byte().Draw(t, "id")}, Role: domain.RoleKey(text.Draw(t, "role"))}
			e.Permissions = rapid.SampledFrom([][]domain.Permission{nil, {}, {"a.b"}}).Draw(t, "permissions")
			e.ExpiresAt = rapid.SampledFrom([]time.Time{{}, time.Unix(1, 0)}).Draw(t, "end")
			return e
		}),
		rapid.Custom(func(t *rapid.T) domain.Event {
			return domain.UserProfileSet{Profile: domain.ProfileFacts{
				Email: text.Draw(t, "email"), Name: domain.PersonName{First: text.Draw(t, "first"), Last: text.Draw(t, "last")}, AvatarURL: text.Draw(t, "avatar"),
			}}
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		e := events.Draw(t, "event")
		want, err := json.Marshal(e, form)
		if err != nil {
			t.Fatal(err)
		}
		var w writer
		w.data(e)
		if got := string(w.b); w.err != nil || got != `,"data":`+string(want) {
			t.Errorf("%v: the tags say %s, written was %s", w.err, want, got)
		}
	})
	var w writer
	if w.data(domain.MemberAdded{Role: "\xff"}); w.err == nil {
		t.Error("invalid UTF-8 was written")
	}
}
