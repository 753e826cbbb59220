package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestBench(t *testing.T) {
	dir := t.TempDir()
	profile := filepath.Join(dir, "profile")
	var out bytes.Buffer
	cmd := New()
	cmd.SetOut(&out)
	cmd.SetErr(t.Output())
	cmd.SetArgs([]string{"--dir", dir, "--memberships", "300", "--time", "10ms", "--format", "json", "--profile", profile, "--partitions", "2"})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	var results []result
	if err := json.Unmarshal(out.Bytes(), &results); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.PerSecond <= 0 || r.P50 <= 0 || r.P99 < r.P50 || r.Floor != "" && r.Ratio <= 0 {
			t.Errorf("%+v", r)
		}
	}
	if len(results) != 18 {
		t.Errorf("%d lines", len(results))
	}
	if info, err := os.Stat(profile); err != nil || info.Size() == 0 {
		t.Errorf("the profile: %v, %v", info, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "muster-bench-*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v are left", left, err)
	}
}

// Every workspace has different members, and people are in workspaces of several
// organizations.
func TestWorld(t *testing.T) {
	for _, memberships := range []int{1, 100, 500, 20_000, 1_000_000} {
		w := newWorld(memberships)
		lives := make(map[int]map[int]bool) // organizations by person
		for workspace := range min(len(w.workspaces), 2000) {
			seen := make(map[int]bool)
			for n := range members {
				who := w.member(workspace, n)
				if seen[who] || who >= w.people {
					t.Fatalf("%d memberships: member %d of workspace %d is %d", memberships, n, workspace, who)
				}
				if seen[who] = true; lives[who] == nil {
					lives[who] = make(map[int]bool)
				}
				lives[who][workspace%len(w.organizations)] = true
			}
		}
		if memberships == 20_000 && len(lives[0]) < 2 {
			t.Errorf("a person is in %d organizations", len(lives[0]))
		}
	}
}
