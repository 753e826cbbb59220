package projections

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// The benchmarks' world: one organization in each of 4 partitions, with 25
// workspaces of 100 members each and one admin of the organization. It is made
// once.
var benchmarkHistory = sync.OnceValue(func() *history { return largeHistory(4, 25, 100) })

func largeHistory(organizations, workspaces, members int) *history {
	h := newHistory(4)
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	for o := 1; o <= organizations; o++ {
		org := orgID(o)
		must(h.try(createOrganization(org, o*1_000_000)))
		must(h.try(putOrganizationMember(org, o*1_000_000+1, domain.OrganizationAdmin)))
		for w := range workspaces {
			ws := wsID(o<<8 | w)
			must(h.try(createWorkspace(org, ws, o*1_000_000)))
			for n := 0; n < members; n += 50 {
				var commands []domain.Command
				for i := n; i < min(members, n+50); i++ {
					commands = append(commands, introduceMember(org, ws, o*1_000_000+w*10_000+i+2, domain.RoleEditor))
				}
				must(h.try(commands...))
			}
		}
	}
	return h
}

func BenchmarkApply(b *testing.B) {
	for name, size := range map[string]int{"1": 1, "64": 64, "1000": 1000} {
		b.Run(name, func(b *testing.B) {
			h := newHistory(1)
			h.do(b, createOrganization(orgID(1), 1), createWorkspace(orgID(1), wsID(1), 1))
			m := h.models(b)
			n := 2
			for b.Loop() {
				b.StopTimer()
				h.messages = nil
				var commands []domain.Command
				for range (size + 1) / 2 { // two events each
					n++
					commands = append(commands, introduceMember(orgID(1), wsID(1), n, domain.RoleEditor))
				}
				if err := h.try(commands...); err != nil {
					b.Fatal(err)
				}
				message := h.messages[0]
				b.StartTimer()
				if err := m.applyAll([]wire.Message{message}); err != nil {
					b.Fatal(err)
				}
			}
			events := float64((size + 1) / 2 * 2 * b.N)
			b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkRebuild(b *testing.B) {
	h := largeHistory(4, 50, 500)
	count := 0
	for i := range h.tips {
		count += int(h.tips[i].Number)
	}
	o := Options{Dir: b.TempDir(), Partitions: 4}
	for b.Loop() {
		if err := rebuild(o, h.replay(nil)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkHistory applies new people, two events each, to an empty history.
func BenchmarkHistory(b *testing.B) {
	h := largeHistory(1, 50, 500)
	for b.Loop() {
		b.StopTimer()
		m := h.models(b)
		b.StartTimer()
		if err := m.history.catchUp(b.Context(), h.replay(nil)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(h.tips[h.partition(orgID(1))].Number), "µs/event")
}

// BenchmarkRead has the floor, a bare point read of SQLite through database/sql,
// in the same run.
func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	m := opened(b, dir, benchmarkHistory())
	org, ws := orgID(1), wsID(1<<8)
	member, admin, stranger := userID(1_000_040), userID(1_000_001), userID(1_010_040)
	membership := membershipID(ws, member)
	token := domain.Hash{7}
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
		})
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, File)+"?mode=ro&_mutex=no")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // only read
	floor, err := db.Conn(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	statement, err := floor.PrepareContext(context.Background(), `SELECT key FROM memberships WHERE id = ?`)
	if err != nil {
		b.Fatal(err)
	}
	run("floor", func() error {
		var key int64
		return statement.QueryRow(membership[:]).Scan(&key)
	})
	run("member", func() error { _, err := m.Member(ws, member, later); return err })
	run("check/direct", func() error { _, err := m.Check(ws, member, later); return err })
	run("check/inherited", func() error { _, err := m.Check(ws, admin, later); return err })
	run("check/denied", func() error { _, err := m.Check(ws, stranger, later); return err })
	run("token/unknown", func() error { _, _ = m.TokenBySecret(token); return nil })
	run("members", func() error { _, err := listMembers(m, ws, MemberFilter{}, later, Page{Size: 100}); return err })
	run("access", func() error { _, err := listAccess(m, ws, AccessFilter{}, later, Page{Size: 100}); return err })
	run("workspaces", func() error { _, err := m.WorkspacesOf(context.Background(), org, member, later, Page{}); return err })
	run("workspaces/admin", func() error { _, err := m.WorkspacesOf(context.Background(), org, admin, later, Page{}); return err })
	keys := []domain.Key{
		domain.OrganizationKey(org), domain.OrganizationMemberKey(org, member), domain.WorkspaceKey(ws),
		domain.MembershipKey(ws, member), domain.ProfileKey(org, member), domain.EmailKey(org, "user1000040@example.com"),
		domain.DoneKey(org, domain.CommandID{1}),
	}
	run("load/7", func() error { return m.Load(keys, new(domain.State)) })
	run("load/1", func() error { return m.Load(keys[3:4], new(domain.State)) })
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := m.Check(ws, member, later); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
	})
}

// BenchmarkMembers is a page of 50 out of a workspace of 100,000 that is the whole
// organization, and of one of 5,000 in the same, in every order; once from the
// start and once from the middle.
func BenchmarkMembers(b *testing.B) {
	h := largeHistory(1, 1, 100_000)
	org, large, small := orgID(1), wsID(1<<8), wsID(1<<8|1)
	h.do(b, createWorkspace(org, small, 1_000_000))
	var commands []domain.Command
	for i := range 5000 {
		commands = append(commands, addMember(org, small, 1_000_002+i*20, domain.RoleEditor))
	}
	if err := h.try(commands...); err != nil {
		b.Fatal(err)
	}
	m := h.models(b)
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	middle := func(ws domain.WorkspaceID, f MemberFilter, n int) Cursor {
		var p Page
		for p.Size = MaxPageSize; n > 0; n -= p.Size {
			list, err := listMembers(m, ws, f, later, p)
			if err != nil {
				b.Fatal(err)
			}
			p.After = list.Next
		}
		return p.After
	}
	for _, order := range orders[1:] {
		f := MemberFilter{Order: order}
		run("large/"+string(order), func() error { _, err := listMembers(m, large, f, later, Page{}); return err })
		after := middle(large, f, 10_000)
		run("large/"+string(order)+"/middle", func() error { _, err := listMembers(m, large, f, later, Page{After: after}); return err })
		run("small/"+string(order), func() error { _, err := listMembers(m, small, f, later, Page{}); return err })
	}
	nobody := MemberFilter{Query: "nobody"}
	run("large/q", func() error { _, err := listMembers(m, large, MemberFilter{Query: "user1"}, later, Page{}); return err })
	run("large/q/nobody", func() error { _, err := listMembers(m, large, nobody, later, Page{}); return err })
	run("large/email/q/nobody", func() error {
		_, err := listMembers(m, large, MemberFilter{Query: "nobody", Order: OrderEmail}, later, Page{})
		return err
	})
	run("large/role/owner", func() error {
		_, err := listMembers(m, large, MemberFilter{Role: domain.RoleOwner}, later, Page{})
		return err
	})
	run("large/count", func() error { _, err := sizeOfMembers(m, large, MemberFilter{}, later); return err })
	run("large/count/q", func() error { _, err := sizeOfMembers(m, large, nobody, later); return err })
	run("large/access/count", func() error { _, err := sizeOfAccess(m, large, AccessFilter{}, later); return err })
	run("large/access/role", func() error {
		_, err := listAccess(m, large, AccessFilter{Role: domain.RoleOwner}, later, Page{})
		return err
	})
	run("large/access/permission/nobody", func() error {
		_, err := listAccess(m, large, AccessFilter{Permission: "nobody.has"}, later, Page{})
		return err
	})
	run("permissions", func() error { _, err := m.Permissions(context.Background(), org, Page{}); return err })
}

// BenchmarkLoadBatch loads what a batch of 1,000 additions needs: once the people are
// unknown, and once they are members already.
func BenchmarkLoadBatch(b *testing.B) {
	m := benchmarkHistory().models(b)
	org, ws := orgID(1), wsID(1<<8)
	for name, first := range map[string]int{"new": 9_000_000, "known": 1_000_002} {
		b.Run(name, func(b *testing.B) {
			var batch domain.Batch
			batch.Meta, batch.Workspace = root(org), ws
			for n := range domain.MaxOperations {
				batch.Operations = append(batch.Operations, introduceMember(org, ws, first+n%100+n/100*10_000, domain.RoleEditor))
			}
			keys := domain.Needs(new(domain.State), batch)
			var before domain.State
			shared := []domain.Key{domain.OrganizationKey(org), domain.WorkspaceKey(ws)} // as writers hold them
			if err := m.Load(shared, &before); err != nil {
				b.Fatal(err)
			}
			buildFilters(b, m, org)
			for b.Loop() {
				if err := m.Load(keys, before.Copy(shared)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/domain.MaxOperations, "ns/operation")
		})
	}
}

// BenchmarkPast compares reading as of a position with reading from the tables of now, without
// what checks hold in memory.
func BenchmarkPast(b *testing.B) {
	h := benchmarkHistory()
	m := h.models(b)
	if err := m.history.catchUp(context.Background(), h.replay(nil)); err != nil {
		b.Fatal(err)
	}
	org, ws := orgID(1), wsID(1<<8|12)
	member, admin := userID(1_120_040), userID(1_000_001)
	past, err := m.AsOf(context.Background(), wire.Position{Partition: h.partition(org), Number: h.tips[h.partition(org)].Number})
	if err != nil {
		b.Fatal(err)
	}
	now := *m.Queries
	now.rosters = nil
	found, err := past.FindWorkspace(ws)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	for name, f := range map[string]func(*Queries) error{
		"member": func(q *Queries) error { _, err := q.Member(ws, member, later); return err },
		"check":  func(q *Queries) error { _, err := q.Check(ws, member, later); return err },
		"members": func(q *Queries) error {
			_, err := q.Members(ctx, found, MemberFilter{}, later, Page{Size: 100})
			return err
		},
		"members/email": func(q *Queries) error {
			_, err := q.Members(ctx, found, MemberFilter{Order: OrderEmail}, later, Page{Size: 50})
			return err
		},
		"access": func(q *Queries) error {
			_, err := q.AccessList(ctx, found, AccessFilter{}, later, Page{Size: 100})
			return err
		},
		"workspaces":       func(q *Queries) error { _, err := q.WorkspacesOf(ctx, org, member, later, Page{}); return err },
		"workspaces/admin": func(q *Queries) error { _, err := q.WorkspacesOf(ctx, org, admin, later, Page{}); return err },
		"users":            func(q *Queries) error { _, err := q.Users(ctx, org, UserFilter{Query: "user1120"}, Page{}); return err },
	} {
		for when, q := range map[string]*Queries{"now": &now, "past": past} {
			b.Run(name+"/"+when, func(b *testing.B) {
				for b.Loop() {
					if err := f(q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
