package projections

import (
	"context"
	"time"

	"github.com/muster-dev/muster/domain"
)

func listMembers(m *ReadModels, id domain.WorkspaceID, f MemberFilter, at time.Time, p Page) (list List[Member], err error) {
	ws, err := m.FindWorkspace(id)
	if err != nil {
		return list, err
	}
	return m.Members(context.Background(), ws, f, at, p)
}

func sizeOfMembers(m *ReadModels, id domain.WorkspaceID, f MemberFilter, at time.Time) (int, error) {
	ws, err := m.FindWorkspace(id)
	if err != nil {
		return 0, err
	}
	list, err := m.Members(context.Background(), ws, f, at, Page{Size: 1, Count: true})
	return list.Count, err
}

func membersBehind(m *ReadModels, id domain.WorkspaceID, member domain.MembershipID) (Cursor, error) {
	ws, err := m.FindWorkspace(id)
	if err != nil {
		return "", err
	}
	return m.MembersBehind(ws, member)
}

func listAccess(m *ReadModels, id domain.WorkspaceID, f AccessFilter, at time.Time, p Page) (list List[Access], err error) {
	ws, err := m.FindWorkspace(id)
	if err != nil {
		return list, err
	}
	return m.AccessList(context.Background(), ws, f, at, p)
}

func sizeOfAccess(m *ReadModels, id domain.WorkspaceID, f AccessFilter, at time.Time) (int, error) {
	ws, err := m.FindWorkspace(id)
	if err != nil {
		return 0, err
	}
	list, err := m.AccessList(context.Background(), ws, f, at, Page{Size: 1, Count: true})
	return list.Count, err
}
