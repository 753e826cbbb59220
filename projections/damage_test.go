package projections

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// The long form: go test ./projections -run TestDamage -damages 2000 -damage-seed 7
var (
	damages    = flag.Int("damages", 100, "how many damages TestDamageIsNoticed does to the files")
	damageSeed = flag.Uint64("damage-seed", 1, "which damages they are")
)

// damaged is a directory with read models, and the log that they belong to.
type damaged struct {
	dir     string
	history *history
}

// closedTables are read models after a clean stop. They have no WAL.
func closedTables(t *testing.T) damaged {
	t.Helper()
	h := largeHistory(2, 4, 100)
	dir := t.TempDir()
	if err := rebuild(Options{Dir: dir, Partitions: 4}, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	return damaged{dir, h}
}

// killedTables are read models that nobody has closed. A part of the WAL, or all of it, may
// have been moved to the file before.
func killedTables(t *testing.T, moved bool) damaged {
	t.Helper()
	h := largeHistory(2, 1, 100)
	m := h.models(t)
	grow := func(from, to int) {
		t.Helper()
		for n := from; n < to; n++ {
			h.do(t, introduceMember(orgID(1), wsID(1<<8), 5_000_000+n, domain.RoleViewer))
			h.follow(t, m)
		}
	}
	move := func() {
		t.Helper()
		var busy, frames, done int
		err := m.writer.Conns[0].Row([]any{sqlite.Number(&busy), sqlite.Number(&frames), sqlite.Number(&done)}, `PRAGMA wal_checkpoint`)
		if err != nil || frames == 0 || done != frames {
			t.Fatalf("%d frames of %d: %v", done, frames, err)
		}
	}
	grow(0, 30)
	move()
	grow(30, 100) // begins the WAL from its start again
	if moved {
		move()
	}
	left := damaged{t.TempDir(), h}
	for _, end := range []string{"", "-wal", "-shm"} {
		copyTo(t, filepath.Join(filepath.Dir(fileOf(t, m)), File+end), filepath.Join(left.dir, File+end))
	}
	return left
}

func fileOf(t *testing.T, m *ReadModels) (file string) {
	t.Helper()
	var number int
	var name string
	if err := m.writer.Conns[0].Row([]any{sqlite.Number(&number), sqlite.Text(&name), sqlite.Text(&file)}, `PRAGMA database_list`); err != nil {
		t.Fatal(err)
	}
	return file
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// harms are the ways to damage a file, by what they are called.
var harms = map[string]func(r *rand.Rand, content []byte) []byte{
	"a bit": func(r *rand.Rand, b []byte) []byte {
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		return b
	},
	"a bit of the first page": func(r *rand.Rand, b []byte) []byte {
		b[r.IntN(min(len(b), pageSize))] ^= 1 << r.IntN(8)
		return b
	},
	"cut": func(r *rand.Rand, b []byte) []byte { return b[:r.IntN(len(b))] },
	"cut between pages": func(r *rand.Rand, b []byte) []byte {
		return b[:r.IntN(len(b)/pageSize)*pageSize]
	},
	"a page is zero": func(r *rand.Rand, b []byte) []byte {
		clear(pageOf(r, b))
		return b
	},
	"two pages have changed places": func(r *rand.Rand, b []byte) []byte {
		one, other := pageOf(r, b), pageOf(r, b)
		kept := slices.Clone(one)
		copy(one, other)
		copy(other, kept)
		return b
	},
	"garbage": func(r *rand.Rand, b []byte) []byte {
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	},
}

func pageOf(r *rand.Rand, b []byte) []byte {
	at := r.IntN(len(b)/pageSize) * pageSize
	return b[at : at+pageSize]
}

// TestDamageIsNoticed damages the files of read models in many ways. Each time, Verify says
// so and changes nothing, and Open demands a rebuild, after which the tables are what the
// log says. Damage that neither notices must be in a place that nothing depends on.
func TestDamageIsNoticed(t *testing.T) {
	t.Parallel()
	givens := map[string]damaged{
		"closed": closedTables(t), "killed": killedTables(t, false), "killed when all was moved": killedTables(t, true),
	}
	r := rand.New(rand.NewPCG(*damageSeed, 0)) //nolint:gosec // damages are to be repeatable
	harmless, done := make(map[string]int), make(map[string]int)
	for range *damages {
		given := slices.Sorted(maps.Keys(givens))[r.IntN(len(givens))]
		ends := []string{"", "", "-wal", "-wal", "-shm"}
		if given == "closed" {
			ends = ends[:1]
		}
		end, harm := ends[r.IntN(len(ends))], slices.Sorted(maps.Keys(harms))[r.IntN(len(harms))]
		name := given + ", " + File + end + ": " + harm
		done[name]++
		if !damage(t, r, name, givens[given], end, harms[harm]) {
			harmless[name]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(done)) {
		t.Logf("%3d of %3d noticed: %s", done[name]-harmless[name], done[name], name)
		if harmless[name] > 0 && !mayBeHarmless(name) {
			t.Errorf("%s: %d of %d are not noticed", name, harmless[name], done[name])
		}
	}
}

// mayBeHarmless reports whether nothing may depend on what the damage hits. All of the WAL
// counts once it was moved to the file. Before that, the log has what is lost with it. Without
// a WAL all of the file counts, unless a page has changed places with itself. A WAL may have a
// newer page than the file. A new WAL-index is made at each start.
func mayBeHarmless(name string) bool {
	counts := strings.HasPrefix(name, "closed") || strings.Contains(name, "moved") && strings.Contains(name, "-wal")
	return !counts || strings.HasSuffix(name, "changed places")
}

// damage damages a copy of the files and reports whether that is noticed.
func damage(t *testing.T, r *rand.Rand, name string, given damaged, end string, harm func(*rand.Rand, []byte) []byte) (noticed bool) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(given.dir)); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, File+end))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, File+end), harm(r, content), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Dir: dir, Partitions: 4}
	before := listing(t, dir)
	found := verdict(verify(t.Context(), o, t.TempDir(), given.history.replay(nil)))
	if after := listing(t, dir); after != before {
		t.Errorf("%s: looking has changed the directory from\n%sto\n%s", name, before, after)
	}
	m, err := Open(o)
	switch {
	case err == nil && found != nil:
		t.Errorf("%s: Verify says %v, Open nothing", name, found)
	case errors.Is(err, ErrNeedsRebuild):
		opened := err
		if err := rebuild(o, given.history.replay(nil)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if found == nil {
			t.Errorf("%s: Open says %v, Verify nothing", name, opened)
		}
		if _, err := os.Stat(filepath.Join(dir, AsideDir)); err != nil {
			t.Errorf("%s: Open says %v, and nothing is set aside: %v", name, opened, err)
		}
		noticed = true
		if m, err = Open(o); err != nil {
			t.Fatalf("%s: rebuilt: %v", name, err)
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer m.Close() //nolint:errcheck // the file is not needed any more
	given.history.follow(t, m)
	if err := m.Damage(); err != nil {
		t.Errorf("%s: afterwards: %v", name, err)
	}
	requireWhole(t, o, given.history)
	return noticed
}

// verdict returns what Verify has found, or nil.
func verdict(tables []Comparison, err error) error {
	for _, table := range tables {
		if !table.Equal() {
			err = errors.Join(err, errors.New("table "+table.Table+" is another"))
		}
	}
	return err
}

// listing describes the files of a directory by their names, times and contents.
func listing(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %s %s %x\n", f.Name(), info.Mode(), info.ModTime(), hashOf(content))
	}
	return all.String()
}

func hashOf(content []byte) []byte {
	sum := sha256.Sum256(content)
	return sum[:4]
}

// Looking at whole read models changes nothing either, whether they have a WAL or not.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]damaged{"closed": closedTables(t), "killed": killedTables(t, false), "moved": killedTables(t, true)} {
		before := listing(t, given.dir)
		if found := verdict(verify(t.Context(), Options{Dir: given.dir, Partitions: 4}, t.TempDir(), given.history.replay(nil))); found != nil {
			t.Errorf("%s: %v", name, found)
		}
		if after := listing(t, given.dir); after != before {
			t.Errorf("%s:\n%s\n%s", name, before, after)
		}
	}
}

// When a statement meets damage in open read models, that is reported, and from then on
// nothing is read from them.
func TestDamageIsMet(t *testing.T) {
	t.Parallel()
	given := closedTables(t)
	o := Options{Dir: given.dir, Partitions: 4}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close() //nolint:errcheck // it may report the damage
	content, err := os.ReadFile(o.file())
	if err != nil {
		t.Fatal(err)
	}
	for at := pageSize + 1000; at < len(content); at += pageSize {
		content[at] ^= 1
	}
	if err := os.WriteFile(o.file(), content, 0o600); err != nil {
		t.Fatal(err)
	}
	org, ws, known := orgID(1), wsID(1<<8), userID(1_000_040)
	if _, err := m.Check(ws, known, later); !errors.Is(err, ErrDamaged) {
		t.Errorf("a check: %v", err)
	}
	select {
	case <-m.Damaged():
	default:
		t.Fatal("damage is not reported")
	}
	for name, f := range map[string]func() error{
		"damage":  m.Damage,
		"load":    func() error { return m.Load([]domain.Key{domain.OrganizationKey(org)}, new(domain.State)) },
		"list":    func() error { _, err := m.Organizations(context.Background(), Page{}); return err },
		"apply":   func() error { return m.Apply(wire.Message{}) },
		"waiting": func() error { return m.WaitFor(t.Context(), wire.Position{Partition: 1, Number: 1 << 40}) },
	} {
		if err := f(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the quick part of a check finds is returned before the check has rested once.
func TestQuickFindingsAreReturnedAtOnce(t *testing.T) {
	t.Parallel()
	given := closedTables(t)
	file := filepath.Join(given.dir, File)
	c, err := newChecker(file, sqlite.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer c.file.Close() //nolint:errcheck // only read
	var root int
	if err := c.file.Conns[0].Row([]any{sqlite.Number(&root)}, `SELECT rootpage FROM sqlite_schema WHERE name = ?`, tableNames[len(tableNames)-1]); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	content[root*pageSize-1000] ^= 1
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	rests := 0
	c.pause = func(time.Duration) { rests++ }
	if err := c.all(t.Context()); !errors.Is(err, ErrDamaged) || rests > 0 {
		t.Errorf("after %d rests: %v", rests, err)
	}
}

// One damaged file is kept. A file that is not Muster's is never replaced.
func TestSetAside(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir(), Partitions: 1}
	aside := func() (names []string) {
		t.Helper()
		files, err := os.ReadDir(filepath.Join(o.Dir, AsideDir))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			names = append(names, f.Name())
		}
		return names
	}
	for i, want := range [][]string{
		{"read-models.db"}, {"read-models.db"}, {"read-models.db", "read-models.db.1"}, {"read-models.db", "read-models.db.1", "read-models.db.2"},
	} {
		if i < 2 {
			if err := rebuild(o, newHistory(1).replay(nil)); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(o.file(), bytes.Repeat([]byte{byte(i)}, 100*i), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := SetAside(o); err != nil {
			t.Fatal(err)
		}
		if got := aside(); !slices.Equal(got, want) {
			t.Errorf("%d: %q", i, got)
		}
	}
	if err := SetAside(o); err != nil {
		t.Errorf("there is no file: %v", err)
	}
}

// Read models that are set aside do not outlive an erasure because their header is damaged. What
// another program has written does.
func TestDeleteAside(t *testing.T) {
	t.Parallel()
	given := closedTables(t)
	whole, err := os.ReadFile(filepath.Join(given.dir, File))
	if err != nil {
		t.Fatal(err)
	}
	edited := func(edit func(b []byte)) []byte {
		b := slices.Clone(whole)
		edit(b)
		return b
	}
	other := filepath.Join(t.TempDir(), "photos.db") // of a program that has checksums, too
	f, err := sqlite.Open(other, sqlite.Creating, 1, fmt.Sprintf("PRAGMA page_size = %d; CREATE TABLE photos (id INTEGER)", pageSize))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	photos, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	diary := []byte("Dear diary, this is not a database, and it is longer than the header of one is.")
	for _, c := range []struct {
		name  string
		files map[string][]byte // by what follows the name of the read models
		kept  bool
	}{
		{"whole", map[string][]byte{"": whole, "-wal": nil}, false},
		{"a bit of the magic", map[string][]byte{"": edited(func(b []byte) { b[3] ^= 4 }), "-wal": nil}, false},
		{"a bit of the application", map[string][]byte{"": edited(func(b []byte) { b[70] ^= 1 })}, false},
		{"a first page of zeros", map[string][]byte{".3": edited(func(b []byte) { clear(b[:pageSize]) })}, false},
		{"half of it is zeros", map[string][]byte{"": edited(func(b []byte) { clear(b[:len(b)/2]) })}, false},
		{"cut within the header", map[string][]byte{"": whole[:50], "-wal": diary, "-shm": diary}, false},
		{"empty", map[string][]byte{"": nil, "-wal": diary}, false},
		{"no file, but a WAL", map[string][]byte{"-wal": diary}, false},
		{"no file, but a journal", map[string][]byte{".1-journal": diary, ".1-shm": nil}, false},
		{"another program's database", map[string][]byte{"": photos, "-wal": diary}, true},
		{"no database", map[string][]byte{".2": diary}, true},
		{"zeros", map[string][]byte{"": make([]byte, 3*pageSize)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Dir: t.TempDir(), Partitions: 4}
			dir := filepath.Join(o.Dir, AsideDir)
			if err := os.MkdirAll(filepath.Join(dir, File+".copies"), 0o700); err != nil { // somebody's directory
				t.Fatal(err)
			}
			for end, content := range c.files {
				if err := os.WriteFile(filepath.Join(dir, File+end), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.deleteAside(); err != nil {
				t.Fatal(err)
			}
			want := 1
			if c.kept {
				want += len(c.files)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != want {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

// A file whose header is damaged replaces the one that was set aside before, too.
func TestSetAsideDamagedHeader(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir(), Partitions: 1}
	for range 2 {
		if err := rebuild(o, newHistory(1).replay(nil)); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(o.file())
		if err != nil {
			t.Fatal(err)
		}
		content[0] ^= 1
		if err := os.WriteFile(o.file(), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := SetAside(o); err != nil {
			t.Fatal(err)
		}
		if files, err := os.ReadDir(filepath.Join(o.Dir, AsideDir)); err != nil || len(files) != 1 {
			t.Errorf("%v, %v", files, err)
		}
	}
}
