package projections

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// replayStep is a command of TestReplays. It is made again for each run, with new ids
// for what it brings into being, as a request that is sent again is.
type replayStep func(m domain.Meta) domain.Command

// replaySteps has every kind of command. All of them have events. The parameter removal is
// the event of the last removal that has left ends to record, set the number of the event
// that has set the cursor of subscription 2 last, and erased the key of the profile that is being
// erased.
func replaySteps(org domain.OrganizationID, ws domain.WorkspaceID, removal *domain.EventID, set *uint64, erased *domain.PersonalKeyID) []replayStep {
	admin, plain, auditor := domain.RoleAdmin, domain.OrganizationPlain, domain.RoleKey("auditor")
	fresh := func() domain.MembershipID { return domain.MembershipID(uuid.New()) }
	name := "Auditor"
	member := func(c domain.Command, m domain.Meta) domain.Command {
		add := c.(domain.AddMember)
		add.Meta, add.Membership = m, fresh()
		return add
	}
	invite := func(m domain.Meta, n int, lasts time.Duration) domain.Command {
		return domain.InviteMember{
			Meta: m, Workspace: ws, Profile: profile(n), Terms: domain.Terms{Role: auditor, Permissions: []domain.Permission{}},
			User: domain.UserID(uuid.New()), Membership: fresh(), Secret: secret(n), Lasts: lasts,
		}
	}
	token := domain.TokenID{7}
	return []replayStep{
		func(m domain.Meta) domain.Command {
			return domain.CreateOrganization{Meta: m, Name: "Acme", Owner: userID(1), Profile: profile(1)}
		},
		func(m domain.Meta) domain.Command { return domain.RenameOrganization{Meta: m, Name: "Apex"} },
		func(m domain.Meta) domain.Command {
			return domain.CreateRole{Meta: m, Role: domain.Role{ID: domain.RoleID{1}, Key: auditor, Name: "Clerk", Level: 9, Permissions: []domain.Permission{"reports.view"}}}
		},
		func(m domain.Meta) domain.Command { return domain.UpdateRole{Meta: m, Key: auditor, Name: &name} },
		func(m domain.Meta) domain.Command {
			return domain.CreateWorkspace{Meta: m, Workspace: domain.WorkspaceID(uuid.New()), Name: "Other", Owner: userID(1), Membership: fresh()}
		},
		func(m domain.Meta) domain.Command {
			return domain.CreateWorkspace{Meta: m, Workspace: ws, Name: "Studio", Owner: userID(1), Membership: fresh()}
		},
		func(m domain.Meta) domain.Command {
			return domain.RenameWorkspace{Meta: m, Workspace: ws, Name: "Loft"}
		},
		func(m domain.Meta) domain.Command { return domain.ArchiveWorkspace{Meta: m, Workspace: ws} },
		func(m domain.Meta) domain.Command { return domain.RestoreWorkspace{Meta: m, Workspace: ws} },
		func(m domain.Meta) domain.Command {
			return domain.PutOrganizationMember{Meta: m, User: userID(2), Role: plain}
		},
		func(m domain.Meta) domain.Command {
			return domain.SuspendOrganizationMember{Meta: m, User: userID(2)}
		},
		func(m domain.Meta) domain.Command {
			return domain.ReinstateOrganizationMember{Meta: m, User: userID(2)}
		},
		func(m domain.Meta) domain.Command {
			return domain.SetProfile{Meta: m, User: userID(2), Profile: profile(2).Patch()}
		},
		func(m domain.Meta) domain.Command { return member(introduceMember(org, ws, 3, auditor), m) },
		func(m domain.Meta) domain.Command { return member(addMember(org, ws, 2, domain.RoleOwner), m) },
		func(m domain.Meta) domain.Command {
			return domain.AddSuspendedMember{AddMember: member(addMember(org, ws, 11, auditor), m).(domain.AddMember)}
		},
		func(m domain.Meta) domain.Command { // to somebody who is an owner already
			return domain.TransferOwnership{Meta: m, Workspace: ws, From: userID(1), To: userID(2)}
		},
		func(m domain.Meta) domain.Command {
			return domain.ChangeMember{Meta: m, Workspace: ws, User: userID(3), Role: &admin}
		},
		func(m domain.Meta) domain.Command {
			return domain.SuspendMember{Meta: m, Workspace: ws, User: userID(3)}
		},
		func(m domain.Meta) domain.Command {
			return domain.ReinstateMember{Meta: m, Workspace: ws, User: userID(3)}
		},
		func(m domain.Meta) domain.Command {
			return domain.PutMember{Meta: m, Workspace: ws, User: userID(4), Terms: domain.Terms{Role: auditor}, Membership: fresh()}
		},
		func(m domain.Meta) domain.Command {
			return domain.PutMemberRole{Meta: m, Workspace: ws, User: userID(4), Role: domain.RoleViewer, Membership: fresh()}
		},
		func(m domain.Meta) domain.Command {
			m.Actor = domain.Actor{Kind: domain.ActorUser, ID: userID(4).String(), User: userID(4)}
			return domain.LeaveWorkspace{Meta: m, Workspace: ws, User: userID(4)}
		},
		func(m domain.Meta) domain.Command { return invite(m, 5, 0) },
		func(m domain.Meta) domain.Command {
			return domain.SetProfile{Meta: m, User: userID(6), Profile: profile(6).Patch()}
		},
		func(m domain.Meta) domain.Command { return invite(m, 6, time.Millisecond) },
		func(m domain.Meta) domain.Command {
			return domain.ExpireMember{Meta: m, Workspace: ws, User: userID(6)}
		},
		func(m domain.Meta) domain.Command { return invite(m, 6, 0) },
		func(m domain.Meta) domain.Command {
			return domain.RenewInvitation{Meta: m, Workspace: ws, User: userID(6), Secret: secret(60)}
		},
		func(m domain.Meta) domain.Command {
			return domain.AcceptInvitation{Meta: m, Workspace: ws, User: userID(6)}
		},
		func(m domain.Meta) domain.Command {
			return domain.RemoveMember{Meta: m, Workspace: ws, User: userID(6)}
		},
		func(m domain.Meta) domain.Command {
			return domain.Batch{Meta: m, Workspace: ws, Operations: []domain.Command{
				member(addMember(org, ws, 7, auditor), m),
				invite(m, 8, 0),
				domain.RemoveMember{Meta: m, Workspace: ws, User: userID(3)},
				domain.RemoveMember{Meta: m, Workspace: ws, User: userID(6)}, // changes nothing
				domain.RemoveMember{Meta: m, Workspace: ws, User: userID(9)}, // refused
			}}
		},
		func(m domain.Meta) domain.Command { // who has no role in the organization
			return domain.RemoveOrganizationMember{Meta: m, User: userID(7)}
		},
		func(m domain.Meta) domain.Command {
			return domain.CreateWorkspace{Meta: m, Workspace: wsID(2), Name: "Lab", Owner: userID(1), Membership: fresh()}
		},
		func(m domain.Meta) domain.Command { return member(introduceMember(org, ws, 10, auditor), m) },
		func(m domain.Meta) domain.Command {
			return member(addMember(org, wsID(2), 10, domain.RoleViewer), m)
		},
		func(m domain.Meta) domain.Command { // with more memberships than are ended at once
			return domain.RemoveOrganizationMember{Meta: m, User: userID(10), AtOnce: 1}
		},
		func(m domain.Meta) domain.Command {
			m.Cause = *removal
			return domain.EndMemberships{Meta: m, User: userID(10)}
		},
		func(m domain.Meta) domain.Command { return domain.ArchiveRole{Meta: m, Key: auditor} },
		func(m domain.Meta) domain.Command {
			return domain.IssueToken{Meta: m, Token: domain.TokenFacts{ID: domain.TokenID(uuid.New()), Name: "CI", Secret: secret(1), Scopes: domain.Scopes{"all:read"}}}
		},
		func(m domain.Meta) domain.Command {
			return domain.IssueToken{Meta: m, Token: domain.TokenFacts{ID: token, Name: "CD", Secret: secret(2), Scopes: domain.Scopes{"all:read"}}}
		},
		func(m domain.Meta) domain.Command {
			return domain.RotateToken{Meta: m, Token: token, Secret: secret(3), Overlap: time.Hour}
		},
		func(m domain.Meta) domain.Command { return domain.RevokeToken{Meta: m, Token: token} },
		func(m domain.Meta) domain.Command {
			facts := webhook(1)
			facts.ID = domain.SubscriptionID(uuid.New())
			return domain.CreateSubscription{Meta: m, Subscription: facts}
		},
		func(m domain.Meta) domain.Command {
			return domain.CreateSubscription{Meta: m, Subscription: webhook(2), From: 3}
		},
		func(m domain.Meta) domain.Command {
			return domain.UpdateSubscription{Meta: m, ID: webhook(2).ID, Workspace: &ws, Include: &[]string{domain.IncludeProfile}}
		},
		func(m domain.Meta) domain.Command {
			return domain.PauseSubscription{Meta: m, ID: webhook(2).ID, Cause: domain.PauseFailing, Detail: "503"}
		},
		func(m domain.Meta) domain.Command {
			return domain.RotateSubscriptionSecret{Meta: m, ID: webhook(2).ID, Secret: secret(4), Generation: 2, Overlap: time.Hour}
		},
		func(m domain.Meta) domain.Command { return domain.ResumeSubscription{Meta: m, ID: webhook(2).ID} },
		func(m domain.Meta) domain.Command {
			return domain.RewindSubscription{Meta: m, ID: webhook(2).ID, From: 1}
		},
		func(m domain.Meta) domain.Command {
			return domain.SkipEvent{Meta: m, ID: webhook(2).ID, Number: 1, Next: 1, Set: *set, Why: "a reason"}
		},
		func(m domain.Meta) domain.Command { return domain.DeleteSubscription{Meta: m, ID: webhook(2).ID} },
		func(m domain.Meta) domain.Command {
			facts := review(1)
			facts.ID = domain.ReviewID(uuid.New())
			return domain.OpenReview{Meta: m, Review: facts}
		},
		func(m domain.Meta) domain.Command {
			return domain.OpenReview{Meta: m, Workspace: ws, Review: review(2)}
		},
		func(m domain.Meta) domain.Command {
			m.OnBehalfOf = userID(1)
			return domain.DecideReview{Meta: m, ID: review(2).ID, Decisions: []domain.RowDecision{{Workspace: ws, User: userID(9), Decision: domain.ReviewRevoked}}}
		},
		func(m domain.Meta) domain.Command {
			return domain.CloseReview{Meta: m, ID: review(2).ID, LeaveUndecided: true, Why: "late"}
		},
		func(m domain.Meta) domain.Command {
			return domain.SetProfile{Meta: m, User: userID(12), Profile: profile(12).Patch()}
		},
		func(m domain.Meta) domain.Command { return domain.RequestErasure{Meta: m, User: userID(12)} },
		func(m domain.Meta) domain.Command {
			return domain.FinishErasure{Meta: m, User: userID(12), Key: *erased}
		},
		func(m domain.Meta) domain.Command {
			return domain.PutOrganizationMember{Meta: m, User: userID(13), Role: plain}
		},
		func(m domain.Meta) domain.Command {
			return domain.TakeOrganizationRole{Meta: m, User: userID(13)}
		},
		func(m domain.Meta) domain.Command {
			renamed := domain.OrganizationRenamed{About: domain.About{Organization: org}, Name: domain.Change[string]{From: "Acme", To: "Apex"}}
			return domain.Revert{Meta: m, Event: &domain.Recorded{ID: domain.EventID{1}, Number: 1, Event: renamed}, Seen: math.MaxInt64}
		},
	}
}

// replayNode is a log with its read models.
type replayNode struct {
	log    *events.Log
	models *ReadModels
	end    func()
}

func startReplayNode(t *testing.T, dir string) replayNode {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	fail := func(err error) {
		t.Helper()
		if err != nil {
			cancel()
			t.Fatal(err)
		}
	}
	log, err := events.Open(ctx, events.Options{Dir: dir, Partitions: 1})
	fail(err)
	o := Options{Dir: dir, Partitions: 1}
	if _, err := os.Stat(filepath.Join(dir, File)); err != nil {
		fail(Rebuild(ctx, log, o, nil))
	}
	m, err := Open(o)
	fail(err)
	followed := make(chan error, 1)
	go func() { followed <- log.Follow(ctx, m.Checkpoints(), m) }()
	fail(log.Start(ctx, m))
	return replayNode{log, m, func() {
		cancel()
		if err := <-followed; err != nil {
			t.Error(err)
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}}
}

// A second command with the same idempotency key gets the same result, whether the
// writer has the record in memory or loads it from SQLite; and what the result was
// about is what the first one was about.
func TestReplays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	org, ws := orgID(1), wsID(1)
	var removal domain.EventID
	var set uint64
	var erased domain.PersonalKeyID
	steps := replaySteps(org, ws, &removal, &set, &erased)
	metas := make([]domain.Meta, len(steps))
	first, memory := make([]events.Result, len(steps)), make([]events.Result, len(steps))
	same := gocmp.Options{gocmp.AllowUnexported(domain.State{}), cmpopts.EquateErrors()}
	kinds := make(map[string]bool)

	n := startReplayNode(t, dir)
	for i, step := range steps {
		metas[i] = keyed(org)
		c := step(metas[i])
		kinds[c.CommandType()] = true
		if _, ok := c.(domain.ExpireMember); ok {
			time.Sleep(5 * time.Millisecond) // until the invitation before has expired
		}
		var err error
		if first[i], err = n.log.Run(t.Context(), c); err != nil || len(first[i].Types) == 0 {
			t.Fatalf("%d %s: %v, %v", i, c.CommandType(), first[i].Types, err)
		}
		if memory[i], err = n.log.Run(t.Context(), step(metas[i])); err != nil || !memory[i].Replayed {
			t.Fatalf("%d %s again: %+v, %v", i, c.CommandType(), memory[i], err)
		}
		sameResult(t, c, first[i], memory[i])
		if first[i].Has(domain.SubscriptionRewound{}.EventType()) {
			set = first[i].Position.Number
		}
		if err := n.models.WaitFor(t.Context(), first[i].Position); err != nil {
			t.Fatal(err)
		}
		if left, err := n.models.Offboardings(t.Context(), 0, 1); err != nil {
			t.Fatal(err)
		} else if len(left) > 0 {
			removal = left[0].By
		}
		if asked, err := n.models.Erasures(t.Context(), 0, Erasure{}, 1); err != nil {
			t.Fatal(err)
		} else if len(asked) > 0 {
			erased = asked[0].Key
		}
	}
	for i, step := range steps { // what has been erased since is in no result any more
		var err error
		if memory[i], err = n.log.Run(t.Context(), step(metas[i])); err != nil {
			t.Fatal(err)
		}
		memory[i].State.Each(func(_ domain.Key, p domain.Part) {
			if p, ok := p.(*domain.Profile); ok && p.User == userID(12) && p.ProfileFacts != (domain.ProfileFacts{}) {
				t.Errorf("%d has a profile that was erased", i)
			}
		})
	}
	n.end()

	n = startReplayNode(t, dir)
	defer func() { n.end() }()
	for i, step := range steps {
		c := step(metas[i])
		stored, err := n.log.Run(t.Context(), c)
		if diff := gocmp.Diff(memory[i], stored, same); err != nil || diff != "" {
			t.Errorf("%d %s: %v, (-from memory +from SQLite):\n%s", i, c.CommandType(), err, diff)
		}
	}
	for _, kind := range commandTypes(t) {
		if !kinds[kind] {
			t.Errorf("no command is a %s", kind)
		}
	}
}

// sameResult compares the result of a replay with the first one, which can show more:
// what the command has not changed.
func sameResult(t *testing.T, c domain.Command, first, again events.Result) {
	t.Helper()
	if again.Target != first.Target || again.Position != first.Position || !gocmp.Equal(again.Types, first.Types) {
		t.Errorf("%s: %+v, and again %+v", c.CommandType(), first, again)
	}
	again.State.Each(func(k domain.Key, p domain.Part) {
		if diff := gocmp.Diff(domain.PartOf[domain.Part](first.State, k), p); diff != "" {
			t.Errorf("%s: %v (-first +again):\n%s", c.CommandType(), k, diff)
		}
	})
	for i, o := range again.Outcomes {
		if o.Err == nil && o != first.Outcomes[i] {
			t.Errorf("%s: operation %d: %v, and again %v", c.CommandType(), i, first.Outcomes[i], o)
		}
	}
}

// commandTypes finds the types of all commands in the text of package domain.
func commandTypes(t *testing.T) []string {
	t.Helper()
	types := inDomain(t, `\) CommandType\(\) string \{ return "(\w+)" \}`)
	if len(types) < 25 {
		t.Fatalf("only %d commands were found: does the test still read the package right?", len(types))
	}
	return types
}

// inDomain returns the first groups of all matches in the text of package domain, without
// its tests.
func inDomain(t *testing.T, pattern string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("../domain/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			found = append(found, match[1])
		}
	}
	return found
}
