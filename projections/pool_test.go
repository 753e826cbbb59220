package projections

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
)

// However many lists are being read, point reads, the look-ups of tokens and the loads
// of the log's writers go on.
func TestPointReadsGoOn(t *testing.T) {
	t.Parallel()
	_, m := stage(t)
	org, ws, user := orgID(1), wsID(1), userID(4)
	found, err := m.FindWorkspace(ws)
	if err != nil {
		t.Fatal(err)
	}
	for range readers() {
		c, err := m.lists.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer m.lists.Give(c)
	}
	for name, f := range map[string]func() error{
		"Check":         func() error { _, err := m.Check(ws, user, later); return err },
		"AccessOf":      func() error { _, err := m.AccessOf(ws, user, later); return err },
		"Member":        func() error { _, err := m.Member(ws, user, later); return err },
		"User":          func() error { _, err := m.User(org, user); return err },
		"Workspace":     func() error { _, err := m.Workspace(ws); return err },
		"FindWorkspace": func() error { _, err := m.FindWorkspace(ws); return err },
		"MembersBehind": func() error { _, err := m.MembersBehind(found, membershipID(ws, user)); return err },
		"TokenBySecret": func() error { _, err := m.TokenBySecret(domain.Hash{1}); return err },
		"Barred":        func() error { _, err := m.Barred(org, user, later); return err },
		"Load": func() error {
			return m.Load([]domain.Key{domain.WorkspaceKey(ws), domain.MembershipKey(ws, user)}, new(domain.State))
		},
	} {
		if err := f(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A list waits for a connection as long as its context lasts.
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := m.Members(ctx, found, MemberFilter{}, later, Page{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a list without a connection: %v", err)
	}
}

// Every list ends with its context.
func TestListsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	_, m := crowd(t)
	org, user := orgID(1), userID(4)
	ws, err := m.FindWorkspace(wsID(1))
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, f := range map[string]func(ctx context.Context) error{
		"Organizations": func(ctx context.Context) error { _, err := m.Organizations(ctx, Page{}); return err },
		"OrganizationMembers": func(ctx context.Context) error {
			_, err := m.OrganizationMembers(ctx, org, OrganizationMemberFilter{}, Page{})
			return err
		},
		"Users": func(ctx context.Context) error {
			_, err := m.Users(ctx, org, UserFilter{Query: "u"}, Page{})
			return err
		},
		"Workspaces": func(ctx context.Context) error { _, err := m.Workspaces(ctx, org, Page{}); return err },
		"Members": func(ctx context.Context) error {
			_, err := m.Members(ctx, ws, MemberFilter{}, later, Page{Count: true})
			return err
		},
		"AccessList": func(ctx context.Context) error {
			_, err := m.AccessList(ctx, ws, AccessFilter{}, later, Page{Count: true})
			return err
		},
		"WorkspacesOf": func(ctx context.Context) error { _, err := m.WorkspacesOf(ctx, org, user, later, Page{}); return err },
		"Roles":        func(ctx context.Context) error { _, err := m.Roles(ctx, org, RoleFilter{}, Page{}); return err },
		"Permissions":  func(ctx context.Context) error { _, err := m.Permissions(ctx, org, Page{}); return err },
		"Tokens":       func(ctx context.Context) error { _, err := m.Tokens(ctx, org, Page{}); return err },
		"Ended":        func(ctx context.Context) error { _, err := m.Ended(ctx, 0, later, 9); return err },
		"Fingerprint":  func(ctx context.Context) error { _, err := m.Fingerprint(ctx); return err },
	} {
		if err := f(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := f(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("%s for nobody: %v", name, err)
		}
	}
}

// A page brings the size of the whole list along, if that is asked for.
func TestPagesCount(t *testing.T) {
	t.Parallel()
	_, m := crowd(t)
	ws, err := m.FindWorkspace(wsID(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, count := range []bool{false, true} {
		p := Page{Size: 2, Count: count}
		for _, f := range []MemberFilter{{}, {Query: "user1"}, {State: domain.MembershipInvited}, {State: domain.MembershipRemoved}, {Role: domain.RoleEditor}} {
			list, err1 := m.Members(t.Context(), ws, f, later, p)
			all, err2 := m.Members(t.Context(), ws, f, later, Page{Size: MaxPageSize})
			n := len(all.Items)
			if err1 != nil || err2 != nil || count && list.Count != n || !count && list.Count != 0 {
				t.Errorf("%+v: %d, %d, %v, %v", f, list.Count, n, err1, err2)
			}
		}
		for _, f := range []AccessFilter{{}, {Query: "user1"}, {Role: domain.RoleAdmin}, {Source: SourceOrganization}} {
			list, err1 := m.AccessList(t.Context(), ws, f, later, p)
			all, err2 := m.AccessList(t.Context(), ws, f, later, Page{Size: MaxPageSize})
			n := len(all.Items)
			if err1 != nil || err2 != nil || count && list.Count != n || !count && list.Count != 0 {
				t.Errorf("%+v: %d, %d, %v, %v", f, list.Count, n, err1, err2)
			}
		}
	}
}
