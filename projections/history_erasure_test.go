package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// secrets are words of which no file may have a part after the erasure.
func secrets(n int) domain.ProfileFacts {
	word := fmt.Sprintf("%c%cqanary%05d", 'a'+n%26, 'a'+n/26%26, n)
	return domain.ProfileFacts{
		Email: word + "@example.com", Name: domain.PersonName{First: "First" + word, Last: "Last" + word}, AvatarURL: "https://example.com/" + word,
	}
}

// requireNoTrace demands that no file of the directory has what [secrets] makes for the users.
func requireNoTrace(t *testing.T, dir string, users []int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	aside, asideErr := filepath.Glob(filepath.Join(dir, AsideDir, "*"))
	if err = errors.Join(err, asideErr); err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range append(files, aside...) {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.ToLower(content)
		for _, n := range users {
			word, _, _ := strings.Cut(secrets(n).Email, "@")
			if at := bytes.Index(content, []byte(word)); at >= 0 {
				t.Errorf("%s has %s at byte %d", filepath.Base(file), word, at)
			}
		}
	}
}

// What an erasure leaves of a profile is in no byte of the files: not in the history of the
// directory, and not in what SQLite leaves in pages when it moves rows between them.
func TestErasureLeavesNoTrace(t *testing.T) {
	t.Parallel()
	ctx, org := context.Background(), orgID(1)
	const people = 600
	h := newHistory(1)
	h.do(t, createOrganization(org, 1))
	choose := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's choices
	set := func(n int, facts domain.ProfileFacts) {
		t.Helper()
		h.do(t, domain.SetProfile{Meta: root(org), User: userID(n), Profile: facts.Patch()})
	}
	for _, n := range choose.Perm(people) {
		set(n+100, secrets(n+100))
	}
	dir := t.TempDir()
	m := opened(t, dir, h)
	catchUp := func() {
		t.Helper()
		h.follow(t, m)
		if err := m.history.catchUp(ctx, h.replay(nil)); err != nil {
			t.Fatal(err)
		}
	}
	catchUp()
	// Rows of other lengths, so that SQLite moves them between pages, and several versions of each.
	for range 2 {
		for _, n := range choose.Perm(people) {
			facts := secrets(n + 100)
			facts.AvatarURL += strings.Repeat("x", choose.IntN(1500))
			set(n+100, facts)
		}
		catchUp()
	}
	var erased []int
	for n := 100; n < people+100; n += 3 {
		if profile := h.state.Profile(org, userID(n)); !profile.InClear {
			erased = append(erased, n)
		}
	}
	before := h.tips[0].Position
	requireTrace(t, dir, erased[0])
	copied, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, AsideDir, File+".2")
	if err := os.Mkdir(filepath.Dir(foreign), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{File: copied, File + "-wal": nil, File + ".1": copied, File + ".2": []byte("of somebody else")} {
		if err := os.WriteFile(filepath.Join(dir, AsideDir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range erased {
		h.do(t, domain.RequestErasure{Meta: root(org), User: userID(n)})
	}
	catchUp()
	if err := errors.Join(m.Wipe(), m.WipeHistory(ctx, h.tips[0].Position)); err != nil {
		t.Fatal(err)
	}
	requireNoTrace(t, dir, erased)
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a file that is not Muster's: %v", err)
	}
	// Pages that change later do not bring it back.
	for n := 100; n < people+100; n += 7 {
		if !slices.Contains(erased, n) {
			set(n, secrets(n+50000))
		}
	}
	catchUp()
	requireNoTrace(t, dir, erased)

	past, err := m.AsOf(ctx, before)
	if err != nil {
		t.Fatal(err)
	}
	if profile, err := past.User(org, userID(erased[0])); err != ErrNotFound { //nolint:errorlint // it is not wrapped
		t.Errorf("as of before the erasure: %+v, %v", profile, err)
	}
	for n, found := range map[int]int{erased[0]: 0, 101: 1} {
		list, err := past.Users(ctx, org, UserFilter{Query: secrets(n).Email}, Page{})
		if err != nil || len(list.Items) != found {
			t.Errorf("as of before the erasure user %d is found %d times: %v", n, len(list.Items), err)
		}
	}
}

// requireTrace demands that a file has it, so that the test can fail.
func requireTrace(t *testing.T, dir string, n int) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, HistoryFile))
	wal, err2 := os.ReadFile(filepath.Join(dir, HistoryFile+"-wal"))
	word, _, _ := strings.Cut(secrets(n).Email, "@")
	if err != nil || err2 != nil || !bytes.Contains(append(content, wal...), []byte(word)) {
		t.Fatalf("the history does not have %s before the erasure: %v, %v", word, err, err2)
	}
}

// Whoever comes back after an erasure has a past again, from then on; and a fresh replay makes
// the same history, although it never sees what was erased.
func TestHistoryAfterErasure(t *testing.T) {
	t.Parallel()
	ctx, org, user := context.Background(), orgID(1), userID(12)
	h := newHistory(1)
	h.do(t, createOrganization(org, 1))
	at := func() wire.Position { return h.tips[0].Position }
	for h.tips[0].Number%7 == 6 || h.state.Profile(org, user) == nil { // a profile that is sealed
		h.do(t, domain.SetProfile{Meta: root(org), User: userID(30 + int(h.tips[0].Number)), Profile: profile(30 + int(h.tips[0].Number)).Patch()}) //nolint:gosec // small
		if h.tips[0].Number%7 != 6 {
			h.do(t, domain.SetProfile{Meta: root(org), User: user, Profile: secrets(12).Patch()})
		}
	}
	first := at()
	key := h.state.Profile(org, user).Key
	h.do(t, domain.RequestErasure{Meta: root(org), User: user})
	asked := at()
	system := root(org)
	system.Actor = domain.Actor{Kind: domain.ActorSystem, ID: "muster"}
	h.do(t, domain.FinishErasure{Meta: system, User: user, Key: key})
	h.do(t, domain.SetProfile{Meta: root(org), User: user, Profile: secrets(13).Patch()})
	back := at()
	h.do(t, domain.SetProfile{Meta: root(org), User: user, Profile: secrets(14).Patch()})
	last := at()
	m := h.models(t)
	if err := m.history.catchUp(ctx, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   wire.Position
		want domain.ProfileFacts
		err  error
	}{{first, domain.ProfileFacts{}, ErrNotFound}, {asked, domain.ProfileFacts{}, ErrNotFound}, {back, secrets(13), nil}, {last, secrets(14), nil}} {
		q, err := m.AsOf(ctx, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := q.User(org, user); err != c.err || got.ProfileFacts != c.want { //nolint:errorlint // it is not wrapped
			t.Errorf("as of %s: %+v, %v", c.at, got.ProfileFacts, err)
		}
	}
	comparisons, err := verifyHistory(ctx, m.history.options, t.TempDir(), h.withoutErased().replay(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		if !c.Equal() {
			t.Errorf("%s differs from a fresh replay", c.Table)
		}
	}
	if tables, err := verify(ctx, m.history.options, t.TempDir(), h.withoutErased().replay(nil)); err != nil {
		t.Fatal(err)
	} else {
		for _, c := range tables {
			if !c.Equal() {
				t.Errorf("%s differs from a fresh replay", c.Table)
			}
		}
	}
}

// withoutErased is the history as it is read once the keys of erased profiles are destroyed.
func (h *history) withoutErased() *history {
	destroyed := make(map[domain.PersonalKeyID]bool)
	for _, m := range h.messages {
		for i := range m.Entries {
			if e, ok := m.Entries[i].Event.(domain.UserErased); ok {
				destroyed[e.Key] = true
			}
		}
	}
	without := *h
	without.messages = nil
	for _, m := range h.messages {
		m.Entries = slices.Clone(m.Entries)
		for i := range m.Entries {
			if e, ok := m.Entries[i].Event.(domain.UserProfileSet); ok && destroyed[e.Sealed.Key] {
				e.Profile, e.Erased = domain.ProfileFacts{}, true
				m.Entries[i].Event = e
			}
		}
		without.messages = append(without.messages, m)
	}
	return &without
}
