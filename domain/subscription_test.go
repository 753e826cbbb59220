package domain

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	feedID   = named[subscriptionKind]("feed")
	hook     = SubscriptionFacts{ID: feedID, Kind: SubscriptionWebhook, Secret: Hash{1}, SubscriptionTerms: SubscriptionTerms{Name: "Hook", Types: []string{"muster.member.*"}, URL: "https://example.com/hook"}}
	puller   = SubscriptionFacts{ID: feedID, Kind: SubscriptionNATS, Secret: Hash{1}, SubscriptionTerms: SubscriptionTerms{Name: "Puller", Types: []string{}}}
	withHook = after(stage, SubscriptionCreated{inOrganization(acme), hook, 7})
	paused   = after(withHook, SubscriptionPaused{inOrganization(acme), feedID, PauseGone, "410"})
	deleted  = after(withHook, SubscriptionDeleted{inOrganization(acme), feedID})
	set      = uint64(len(withHook))
	judged   = fold(withHook...).Subscription(acme, feedID)
	noEvents = scoped(byProgram, "subscriptions:all")
)

// hookWith returns the webhook with other terms.
func hookWith(change func(*SubscriptionTerms)) SubscriptionFacts {
	facts := hook
	facts.Types = slices.Clone(facts.Types)
	change(&facts.SubscriptionTerms)
	return facts
}

func otherTerms(change func(*SubscriptionTerms)) []Event {
	return []Event{SubscriptionUpdated{inOrganization(acme), feedID, hookWith(change).SubscriptionTerms}}
}

func subscriptions(n int) (events []Event) {
	for i := range n {
		facts := hook
		facts.ID = SubscriptionID{byte(i), 1}
		events = append(events, SubscriptionCreated{inOrganization(acme), facts, 1})
	}
	return events
}

var subscriptionRows = []row{
	{name: "a webhook", given: stage, when: CreateSubscription{byProgram, hook, 7}, then: []Event{SubscriptionCreated{inOrganization(acme), hook, 7}}},
	{name: "for NATS", given: stage, when: CreateSubscription{byRoot, puller, 0}, then: []Event{SubscriptionCreated{inOrganization(acme), puller, 0}}},
	{name: "by an admin", given: stage, when: CreateSubscription{by(ada), hook, 1}, then: []Event{SubscriptionCreated{inOrganization(acme), hook, 1}}},
	{name: "by a member", given: stage, when: CreateSubscription{by(vera), hook, 1}, err: ErrNotAllowed},
	{name: "by a workspace's program", given: stage, when: CreateSubscription{within(studio, byProgram), hook, 1}, err: ErrNotAllowed},
	{name: "by who may not read events", given: stage, when: CreateSubscription{noEvents, hook, 1}, err: ErrNotAllowed},
	{name: "twice", given: withHook, when: CreateSubscription{byProgram, hook, 1}, err: ErrSubscriptionExists},
	{name: "again when deleted", given: deleted, when: CreateSubscription{byProgram, hook, 1}, err: ErrSubscriptionExists},
	{name: "one too many", given: after(stage, subscriptions(MaxSubscriptions)...), when: CreateSubscription{byProgram, hook, 1}, err: ErrTooManySubscriptions},
	{name: "the last one", given: after(stage, subscriptions(MaxSubscriptions-1)...), when: CreateSubscription{byProgram, hook, 1}, then: []Event{SubscriptionCreated{inOrganization(acme), hook, 1}}},
	{name: "of no organization", when: CreateSubscription{byRoot, hook, 1}, err: ErrUnknownOrganization},
	{name: "for a workspace", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Workspace = studio }), 1}, then: []Event{SubscriptionCreated{inOrganization(acme), hookWith(func(c *SubscriptionTerms) { c.Workspace = studio }), 1}}},
	{name: "for no workspace", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Workspace = annex }), 1}, err: invalid("/workspace_id", "unknown_workspace")},
	{name: "for another organization's workspace", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Workspace = vault }), 1}, err: invalid("/workspace_id", "unknown_workspace")},
	{name: "without a name", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Name = "" }), 1}, err: invalid("/name", "required")},
	{name: "without a URL", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.URL = "" }), 1}, err: invalid("/url", "required")},
	{name: "with a long URL", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.URL = strings.Repeat("x", MaxURL+1) }), 1}, err: invalid("/url", "too_long")},
	{name: "with many types", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Types = make([]string, MaxEventTypes+1) }), 1}, err: invalid("/types", "too_many")},
	{name: "with no type", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Types = []string{"muster.role.*", "muster.member.a b"} }), 1}, err: invalid("/types/1", "invalid_value")},
	{name: "with a type twice", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Types = []string{"muster.role.*", "muster.role.*"} }), 1}, err: invalid("/types/1", "duplicate")},
	{name: "with a large batch", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Batch = MaxBatch + 1 }), 1}, err: invalid("/batch", "out_of_range")},
	{name: "with a negative batch", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Batch = -1 }), 1}, err: invalid("/batch", "out_of_range")},
	{name: "with what is not included", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Include = []string{"all"} }), 1}, err: invalid("/include/0", "invalid_value")},
	{name: "with the same twice", given: stage, when: CreateSubscription{byProgram, hookWith(func(c *SubscriptionTerms) { c.Include = []string{IncludeProfile, IncludeProfile} }), 1}, err: invalid("/include/1", "invalid_value")},
	{name: "of no kind", given: stage, when: CreateSubscription{byProgram, SubscriptionFacts{ID: feedID, SubscriptionTerms: hook.SubscriptionTerms}, 1}, err: invalid("/kind", "invalid_value")},
	{name: "for NATS with a URL", given: stage, when: CreateSubscription{byProgram, SubscriptionFacts{ID: feedID, Kind: SubscriptionNATS, SubscriptionTerms: hook.SubscriptionTerms}, 1}, err: invalid("/url", "not_applicable")},
	{name: "for NATS with profiles", given: stage, when: CreateSubscription{byProgram, SubscriptionFacts{ID: feedID, Kind: SubscriptionNATS, SubscriptionTerms: SubscriptionTerms{Name: "N", Include: []string{IncludeProfile}}}, 1}, err: invalid("/include", "not_applicable")},
	{name: "for NATS in batches", given: stage, when: CreateSubscription{byProgram, SubscriptionFacts{ID: feedID, Kind: SubscriptionNATS, SubscriptionTerms: SubscriptionTerms{Name: "N", Batch: 2}}, 1}, err: invalid("/batch", "not_applicable")},

	{name: "the name", given: withHook, when: UpdateSubscription{Meta: noEvents, ID: feedID, Name: new("New")}, then: otherTerms(func(c *SubscriptionTerms) { c.Name = "New" })},
	{name: "the types", given: withHook, when: UpdateSubscription{Meta: byProgram, ID: feedID, Types: new([]string{"muster.role.*"})}, then: otherTerms(func(c *SubscriptionTerms) { c.Types = []string{"muster.role.*"} })},
	{name: "the URL", given: withHook, when: UpdateSubscription{Meta: byProgram, ID: feedID, URL: new("https://example.com/b")}, then: otherTerms(func(c *SubscriptionTerms) { c.URL = "https://example.com/b" })},
	{name: "the URL, by who may not read events", given: withHook, when: UpdateSubscription{Meta: noEvents, ID: feedID, URL: new("https://example.com/b")}, err: ErrNotAllowed},
	{name: "the workspace and the batch", given: withHook, when: UpdateSubscription{Meta: byProgram, ID: feedID, Workspace: new(studio), Batch: new(9)}, then: otherTerms(func(c *SubscriptionTerms) { c.Workspace, c.Batch = studio, 9 })},
	{name: "what is included", given: withHook, when: UpdateSubscription{Meta: byProgram, ID: feedID, Include: new([]string{IncludeProfile})}, then: otherTerms(func(c *SubscriptionTerms) { c.Include = []string{IncludeProfile} })},
	{name: "nothing", given: withHook, when: UpdateSubscription{Meta: byProgram, ID: feedID, Name: new("Hook")}},
	{name: "to no workspace", given: withHook, when: UpdateSubscription{Meta: byProgram, ID: feedID, Workspace: new(annex)}, err: invalid("/workspace_id", "unknown_workspace")},
	{name: "by a member", given: withHook, when: UpdateSubscription{Meta: by(vera), ID: feedID, Name: new("New")}, err: ErrNotAllowed},
	{name: "deleted", given: deleted, when: UpdateSubscription{Meta: byProgram, ID: feedID, Name: new("New")}, err: ErrUnknownSubscription},
	{name: "unknown", given: stage, when: UpdateSubscription{Meta: byProgram, ID: feedID, Name: new("New")}, err: ErrUnknownSubscription},
	{name: "another organization's", given: withHook, when: UpdateSubscription{Meta: to(globex, byProgram), ID: feedID, Name: new("New")}, err: ErrUnknownSubscription},

	{name: "active", given: withHook, when: PauseSubscription{byProgram, feedID, PauseRequested, "x", nil}, then: []Event{SubscriptionPaused{inOrganization(acme), feedID, PauseRequested, "x"}}},
	{name: "with a reason of two lines", given: withHook, when: PauseSubscription{byProgram, feedID, PauseRequested, "a\u2028b", nil}, err: invalid("/reason", "invalid_characters")},
	{name: "paused", given: paused, when: PauseSubscription{byProgram, feedID, PauseRequested, "x", nil}},
	{name: "deleted", given: deleted, when: PauseSubscription{byProgram, feedID, PauseRequested, "x", nil}, err: ErrUnknownSubscription},
	{name: "that cannot deliver", given: withHook, when: PauseSubscription{byRoot, feedID, PauseGone, "410", judged}, then: []Event{SubscriptionPaused{inOrganization(acme), feedID, PauseGone, "410"}}},
	{name: "resumed since", given: after(paused, SubscriptionResumed{inOrganization(acme), feedID}), when: PauseSubscription{byRoot, feedID, PauseGone, "410", judged}},
	{name: "sent elsewhere since", given: after(withHook, otherTerms(func(c *SubscriptionTerms) { c.URL = "https://example.com/b" })...), when: PauseSubscription{byRoot, feedID, PauseGone, "410", judged}},
	{name: "with another secret since", given: after(withHook, SubscriptionSecretRotated{inOrganization(acme), feedID, Hash{2}, 2, now}), when: PauseSubscription{byRoot, feedID, PauseSecret, "x", judged}},
	{name: "paused", given: paused, when: ResumeSubscription{byProgram, feedID}, then: []Event{SubscriptionResumed{inOrganization(acme), feedID}}},
	{name: "active", given: withHook, when: ResumeSubscription{byProgram, feedID}},
	{name: "by who may not read events", given: paused, when: ResumeSubscription{noEvents, feedID}, err: ErrNotAllowed},
	{name: "deleted", given: deleted, when: ResumeSubscription{byProgram, feedID}, err: ErrUnknownSubscription},

	{name: "to the beginning", given: withHook, when: RewindSubscription{byProgram, feedID, 1}, then: []Event{SubscriptionRewound{inOrganization(acme), feedID, 1}}},
	{name: "to now, paused", given: paused, when: RewindSubscription{byProgram, feedID, 0}, then: []Event{SubscriptionRewound{inOrganization(acme), feedID, 0}}},
	{name: "by who may not read events", given: withHook, when: RewindSubscription{noEvents, feedID, 1}, err: ErrNotAllowed},
	{name: "by a member", given: withHook, when: RewindSubscription{by(vera), feedID, 1}, err: ErrNotAllowed},

	{name: "with a reason", given: withHook, when: SkipEvent{byProgram, feedID, 9, 9, set, "broken"}, then: []Event{SubscriptionSkipped{inOrganization(acme), feedID, 9, "broken"}}},
	{name: "another than the next", given: withHook, when: SkipEvent{byProgram, feedID, 9, 8, set, "broken"}, err: ErrNotNext},
	{name: "of none", given: withHook, when: SkipEvent{byProgram, feedID, 9, 0, set, "broken"}, err: ErrNotNext},
	{name: "after a rewind", given: after(withHook, SubscriptionRewound{inOrganization(acme), feedID, 1}), when: SkipEvent{byProgram, feedID, 9, 9, set, "broken"}, err: ErrNotNext},
	{name: "without a reason", given: withHook, when: SkipEvent{byProgram, feedID, 9, 9, set, ""}, err: invalid("/reason", "required")},
	{name: "with a reason of two lines", given: withHook, when: SkipEvent{byProgram, feedID, 9, 9, set, "a\u2028b"}, err: invalid("/reason", "invalid_characters")},
	{name: "unknown", given: stage, when: SkipEvent{byProgram, feedID, 9, 9, set, "broken"}, err: ErrUnknownSubscription},

	{name: "with an overlap", given: withHook, when: RotateSubscriptionSecret{byProgram, feedID, Hash{2}, 2, time.Hour}, then: []Event{SubscriptionSecretRotated{inOrganization(acme), feedID, Hash{2}, 2, now.Add(time.Hour)}}},
	{name: "with a long overlap", given: withHook, when: RotateSubscriptionSecret{byProgram, feedID, Hash{2}, 2, MaxOverlap + 1}, err: invalid("/overlap_seconds", "out_of_range")},
	{name: "a second time", given: withHook, when: RotateSubscriptionSecret{byProgram, feedID, Hash{2}, 1, 0}, err: ErrSecretRotated},
	{name: "by who may not read events", given: withHook, when: RotateSubscriptionSecret{noEvents, feedID, Hash{2}, 2, 0}, err: ErrNotAllowed},

	{name: "once", given: withHook, when: DeleteSubscription{byProgram, feedID}, then: []Event{SubscriptionDeleted{inOrganization(acme), feedID}}},
	{name: "twice", given: deleted, when: DeleteSubscription{byProgram, feedID}},
	{name: "unknown", given: stage, when: DeleteSubscription{byProgram, feedID}, err: ErrUnknownSubscription},
	{name: "by a member", given: withHook, when: DeleteSubscription{by(vera), feedID}, err: ErrNotAllowed},
}

func TestSubscriptionEvolves(t *testing.T) {
	n := uint64(len(withHook))
	about := inOrganization(acme)
	last := func(more ...Event) *Subscription { return fold(after(withHook, more...)...).Subscription(acme, feedID) }
	for name, c := range map[string]struct {
		got               *Subscription
		start, set, epoch uint64
	}{
		"created":          {last(), 7, n, n},
		"paused":           {last(SubscriptionPaused{about, feedID, PauseGone, ""}), 7, n, n},
		"resumed":          {last(SubscriptionPaused{about, feedID, PauseGone, ""}, SubscriptionResumed{about, feedID}), 7, n, n},
		"sent elsewhere":   {last(otherTerms(func(c *SubscriptionTerms) { c.URL = "https://example.com/b" })...), 7, n, n + 1},
		"renamed":          {last(otherTerms(func(c *SubscriptionTerms) { c.Name = "New" })...), 7, n, n},
		"with other types": {last(otherTerms(func(c *SubscriptionTerms) { c.Types = nil })...), 7, n, n + 1},
		"rewound":          {last(SubscriptionRewound{about, feedID, 3}), 3, n + 1, n + 1},
		"rewound to now":   {last(SubscriptionRewound{about, feedID, 0}), n + 2, n + 1, n + 1},
		"skipped":          {last(SubscriptionSkipped{about, feedID, 9, "x"}), 10, n + 1, n + 1},
	} {
		if c.got.Start != c.start || c.got.Set != c.set || c.got.Epoch != c.epoch {
			t.Errorf("%s: start %d, set %d, epoch %d, want %d, %d, %d", name, c.got.Start, c.got.Set, c.got.Epoch, c.start, c.set, c.epoch)
		}
	}
	if got := last(SubscriptionSecretRotated{about, feedID, Hash{2}, 2, now}); got.Secret != (Hash{2}) || got.Former != (Hash{1}) || got.Generation != 2 || !got.FormerUntil.Equal(now) {
		t.Errorf("rotated: %+v", got)
	}
	if got := last(SubscriptionPaused{about, feedID, PauseGone, ""}, SubscriptionResumed{about, feedID}); got.Resumed != n+2 || !got.PausedAt.IsZero() || got.Pause != "" {
		t.Errorf("resumed: %+v", got)
	}
	if got := fold(paused...).Subscription(acme, feedID); got.PausedAt.IsZero() || got.Pause != PauseGone || got.Detail != "410" {
		t.Errorf("paused: %+v", got)
	}
	if got := fold(deleted...); got.SubscriptionCount(acme) != 0 || got.Subscription(acme, feedID).DeletedAt.IsZero() {
		t.Errorf("deleted: %+v, %d are left", got.Subscription(acme, feedID), got.SubscriptionCount(acme))
	}
}
