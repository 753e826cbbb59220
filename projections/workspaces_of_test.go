package projections

import (
	"context"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestWorkspacesOf(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	for _, c := range []struct {
		org, user int
		want      []int
	}{
		{1, 1, []int{1, 2, 3}},
		{1, 2, []int{1, 2, 3}},
		{1, 3, []int{1}},
		{1, 4, []int{1, 2, 3}},
		{1, 5, nil},
		{1, 7, nil},
		{1, 99, nil},
		{2, 7, []int{4}},
		{2, 1, nil},
	} {
		for size := 1; size <= 3; size++ {
			list := collect(t, size, func(p Page) (List[WorkspaceAccess], error) {
				return m.WorkspacesOf(context.Background(), orgID(c.org), userID(c.user), later, p)
			})
			if len(list) != len(c.want) {
				t.Errorf("user %d reaches %d workspaces", c.user, len(list))
				continue
			}
			for i, n := range c.want {
				access, err := m.Check(wsID(n), userID(c.user), later)
				want := WorkspaceAccess{*h.state.Workspace(wsID(n)), access}
				if diff := gocmp.Diff(want, list[i]); diff != "" || err != nil {
					t.Errorf("user %d, workspace %d: %v\n%s", c.user, n, err, diff)
				}
			}
		}
	}
}
