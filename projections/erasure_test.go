package projections

import (
	"context"
	"testing"

	"github.com/muster-dev/muster/domain"
)

// While somebody reads from the WAL, it keeps what was erased. That is to be done later, also when
// another node has recorded the end of the erasure meanwhile.
func TestErasureWhileWALIsRead(t *testing.T) {
	t.Parallel()
	ctx, org, user := context.Background(), orgID(1), userID(12)
	h := newHistory(1)
	h.do(t, createOrganization(org, 1))
	for h.tips[0].Number%7 == 6 { // it would be in clear
		h.do(t, domain.SetProfile{Meta: root(org), User: userID(30), Profile: profile(30).Patch()})
	}
	dir := t.TempDir()
	m := opened(t, dir, h)
	h.do(t, domain.SetProfile{Meta: root(org), User: user, Profile: secrets(12).Patch()})
	h.follow(t, m)
	reader, err := m.lists.Take(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Script(`BEGIN; SELECT count(*) FROM people`); err != nil {
		t.Fatal(err)
	}
	key := h.state.Profile(org, user).Key
	if key.IsZero() {
		t.Fatal("the profile is not sealed")
	}
	h.do(t, domain.RequestErasure{Meta: root(org), User: user})
	system := root(org)
	system.Actor = domain.Actor{Kind: domain.ActorSystem, ID: "muster"}
	h.do(t, domain.FinishErasure{Meta: system, User: user, Key: key})
	h.follow(t, m)
	if at, _ := m.NextErasure(); at.IsZero() {
		t.Error("nothing is to be done, although somebody reads")
	}
	if err := m.Wipe(); err == nil {
		t.Error("the WAL is empty, although somebody reads from it")
	}
	if err := reader.Script(`COMMIT`); err != nil {
		t.Fatal(err)
	}
	m.lists.Give(reader)
	if err := m.Wipe(); err != nil {
		t.Fatal(err)
	}
	if at, _ := m.NextErasure(); !at.IsZero() {
		t.Errorf("something is to be done at %s", at)
	}
	requireNoTrace(t, dir, []int{12})
}
