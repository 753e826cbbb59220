package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

// replays runs muster audit replay, and returns all that it has printed.
func replays(t *testing.T, arguments ...string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := New()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append([]string{"replay"}, arguments...))
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v: %v\n%s", arguments, err, out.String())
	}
	return out.String()
}

// TestReplayWithholdsErased reads a log in which an erasure was asked for, with the key of the
// person still there. The person is not shown, whatever part of history is asked for.
func TestReplayWithholdsErased(t *testing.T) {
	dir := t.TempDir()
	log, models, stop := pastIn(t, dir, time.Now)
	org, other, ws := newID[domain.OrganizationID](), newID[domain.OrganizationID](), newID[domain.WorkspaceID]()
	owner, eve := newID[domain.UserID](), newID[domain.UserID]()
	run := func(c domain.Command) string {
		t.Helper()
		result, err := log.Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return result.Position.String()
	}
	meta := func(org domain.OrganizationID) domain.Meta {
		return domain.Meta{
			ID: newID[domain.CommandID](), Organization: org,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "muster", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
		}
	}
	run(domain.CreateOrganization{Meta: meta(org), Name: "Acme", Owner: owner, Profile: domain.ProfileFacts{Email: "ada@example.com"}})
	run(domain.CreateWorkspace{Meta: meta(org), Workspace: ws, Name: "Mill", Owner: owner, Membership: newID[domain.MembershipID]()})
	there := run(domain.AddMember{
		Meta: meta(org), Workspace: ws, User: eve, Membership: newID[domain.MembershipID](), Terms: domain.Terms{Role: domain.RoleEditor},
		Profile: new(domain.ProfileFacts{Email: "eve@example.com", Name: domain.PersonName{First: "Eve", Last: "Canary"}}.Patch()),
	})
	// The same person in another organization has another key.
	run(domain.CreateOrganization{Meta: meta(other), Name: "Other", Owner: eve, Profile: domain.ProfileFacts{Email: "eve@other.example"}})
	run(domain.RemoveMember{Meta: meta(org), Workspace: ws, User: eve})

	before := func(what string) {
		t.Helper()
		for _, format := range []string{"table", "jsonl", "csv"} {
			if text := replays(t, "--data", dir, "--organization", org.String(), "--format", format); !strings.Contains(text, "eve@example.com") {
				t.Errorf("%s, as %s: Eve is not shown:\n%s", what, format, text)
			}
		}
	}
	reopen := func() {
		t.Helper()
		log, models, stop = pastIn(t, dir, time.Now)
	}
	stop()
	before("before the erasure")
	reopen()
	request := domain.RequestErasure{Meta: meta(org), User: eve}
	run(request)

	withheld := func(what string) {
		t.Helper()
		for _, state := range [][]string{nil, {"--state"}} {
			for _, format := range []string{"table", "jsonl", "csv"} {
				for _, to := range []string{"", there} {
					arguments := append([]string{"--data", dir, "--organization", org.String(), "--format", format}, state...)
					if to != "" {
						arguments = append(arguments, "--to", to)
					}
					text := replays(t, arguments...)
					if strings.Contains(text, "eve@") || strings.Contains(text, "Canary") || !strings.Contains(text, "ada@example.com") {
						t.Errorf("%s: %v:\n%s", what, arguments, text)
					}
				}
			}
		}
		if text := replays(t, "--data", dir, "--organization", other.String()); !strings.Contains(text, "eve@other.example") {
			t.Errorf("%s: the other organization is not shown: %s", what, text)
		}
	}
	stop()
	withheld("with the key")

	// The end of the erasure is in the log, and the key has come back, as from a copy.
	reopen()
	pending, err := models.Erasures(t.Context(), 0, projections.Erasure{}, -1)
	if err != nil || len(pending) != 1 {
		t.Fatal(pending, err)
	}
	run(domain.FinishErasure{Meta: meta(org), User: eve, Key: pending[0].Key})
	stop()
	withheld("with the key after the erasure")

	// Behind damage there may be an erasure.
	reading := func() *events.Log {
		t.Helper()
		log, err := events.Open(t.Context(), events.Options{Dir: dir, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = log.Close() })
		return log
	}
	var stored []feed.Event
	log = reading()
	err = log.ReplayStored(t.Context(), beginning(log), nil, func(messages []wire.Message) error {
		for _, m := range messages {
			for i := range m.Entries {
				stored = append(stored, feed.Event{Type: m.Entries[i].Event.EventType(), Stored: bytes.Clone(m.Entries[i].Stored)})
			}
		}
		return nil
	})
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "jetstream", "$G", "streams", "MUSTER_LOG_00", "msgs", "*.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatal(blocks, err)
	}
	content, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(content, []byte(domain.UserErasureRequested{}.EventType()))
	if at < 0 {
		t.Fatal("the erasure is not in the file")
	}
	content[at] ^= 1
	if err := store.WriteFile(blocks[0], content, 0o600); err != nil {
		t.Fatal(err)
	}
	log = reading()
	if err := log.WithholdErased(t.Context(), org); err != nil {
		t.Fatal(err)
	}
	for _, e := range stored {
		shown, err := log.Show(t.Context(), e)
		if err != nil || strings.Contains(string(shown), "@") {
			t.Errorf("behind damage: %v %s", err, shown)
		}
	}
}
