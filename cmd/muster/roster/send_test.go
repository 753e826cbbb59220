package roster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// Several batches at a time have the same outcome as one after the other. The same person
// can appear in the file several times, by a user id, by an address or by both.
func TestSeveralAtATime(t *testing.T) {
	s := serve(t)
	var known, unknown []string
	for range 4 {
		known, unknown = append(known, uuid.NewString()), append(unknown, uuid.NewString())
	}
	rapid.Check(t, func(rt *rapid.T) {
		var file strings.Builder
		for range rapid.IntRange(1, 12).Draw(rt, "lines") {
			n := rapid.IntRange(0, 3).Draw(rt, "person")
			line := map[string]any{"role": rapid.SampledFrom([]string{"editor", "viewer", "nonsense"}).Draw(rt, "role")}
			switch rapid.IntRange(0, 4).Draw(rt, "by") {
			case 0:
				line["user_id"] = known[n]
			case 1:
				line["email"] = fmt.Sprintf(rapid.SampledFrom([]string{"known%d@x.example", "KNOWN%d@x.example"}).Draw(rt, "address"), n)
			case 2:
				line["user_id"], line["email"] = known[n], fmt.Sprintf("known%d@x.example", n)
			case 3:
				line["user_id"], line["email"] = unknown[n], fmt.Sprintf("new%d@x.example", rapid.IntRange(0, 3).Draw(rt, "address"))
			default:
				line["email"] = fmt.Sprintf("new%d@x.example", n)
			}
			text, err := json.Marshal(line)
			if err != nil {
				rt.Fatal(err)
			}
			file.Write(append(text, '\n'))
		}
		batch := fmt.Sprint(rapid.IntRange(1, 3).Draw(rt, "batch"))
		var outcomes [2]string
		for i, parallel := range []string{"1", "8"} {
			org, owner := s.organization()
			for n, user := range known {
				s.call(http.MethodPut, "/v1/organizations/"+org+"/users/"+user, fmt.Sprintf(`{"email":"known%d@x.example"}`, n), nil)
			}
			ws := s.workspace(org, owner)
			r := s.imports(ws, file.String(), "--from", "jsonl", "--batch", batch, "--parallel", parallel)
			outcomes[i] = reported(&r) + "\n" + s.members(ws, owner)
		}
		if outcomes[0] != outcomes[1] {
			rt.Errorf("%s\none by one:\n%s\nseveral at a time:\n%s", file.String(), outcomes[0], outcomes[1])
		}
	})
}

// members returns what an export says of the members, without the owner and without ids
// of invited people, which Muster has made.
func (s *service) members(ws, owner string) string {
	var rows []string
	for line := range strings.Lines(s.exports(ws, "csv")) {
		if id, rest, _ := strings.Cut(line, ","); strings.HasSuffix(strings.TrimSpace(line), "invited") {
			rows = append(rows, rest)
		} else if id != owner {
			rows = append(rows, line)
		}
	}
	slices.Sort(rows)
	return strings.Join(rows, "")
}

// Batches are sent several at a time, and no more than that.
func TestHowManyAtATime(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	for _, c := range []struct{ parallel, most int32 }{{1, 1}, {3, 3}} {
		var file strings.Builder
		file.WriteString("email,role\n")
		for range 12 {
			fmt.Fprintf(&file, "%s@x.example,viewer\n", uuid.NewString())
		}
		var now, most atomic.Int32
		full := make(chan struct{})
		s.onBatches(func(*http.Request) (func(), bool) {
			n := now.Add(1)
			for {
				if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
					break
				}
			}
			if n == c.most {
				select {
				case <-full:
				default:
					close(full)
				}
			}
			<-full // the first ones wait for each other
			return func() { now.Add(-1) }, false
		})
		r := s.imports(s.workspace(org, owner), file.String(), "--batch", "1", "--parallel", fmt.Sprint(c.parallel))
		if got := reported(&r); got != "0 added, 0 suspended, 12 invited" || most.Load() != c.most {
			t.Errorf("--parallel %d: %s, with %d requests at a time", c.parallel, got, most.Load())
		}
	}
}

// When a request fails, the lines of it and those after it are named, and every other
// line is counted.
func TestFailureNamesItsLines(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	ws := s.workspace(org, owner)
	file := "email,role\na@x.example,viewer\nb@x.example,viewer\nc@x.example,viewer\nd@x.example,viewer\ne@x.example,viewer\n"
	var batches atomic.Int32
	s.onBatches(func(*http.Request) (func(), bool) { return func() {}, batches.Add(1) == 2 })
	stdout, _, err := s.run(NewImport(), file, "-", "--workspace", ws, "--batch", "2", "--parallel", "1", "--log-level", "error")
	if want := "0 added, 2 invited, 0 rejected\n"; stdout != want {
		t.Errorf("%s", stdout)
	}
	for _, want := range []string{"lines 4 to 5: it is unknown whether these lines were imported; you can safely import them again: ", "from line 6 on: these lines were not sent"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
	if r := s.imports(ws, file); reported(&r) != "0 added, 0 suspended, 3 invited, 2 already_member, 3 already_member" {
		t.Errorf("again: %s", reported(&r))
	}
}
