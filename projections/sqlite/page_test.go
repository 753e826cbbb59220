package sqlite

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"testing"
)

type numberRow struct{ key int64 }

func (r *numberRow) Dest() []any  { return []any{Number(&r.key)} }
func (r *numberRow) Item() int64  { return r.key }
func (r *numberRow) Place() Place { return Place{N: [3]int64{r.key}} }

type parity struct {
	Odd bool `json:"odd,omitzero"`
}

func list(ctx context.Context, c *Conn, f parity, p Page) (List[int64], error) {
	from, err := ReadCursor(p, "numbers", 7, f)
	if err != nil {
		return List[int64]{}, err
	}
	return ReadPage(ctx, c, from, p.Limit(), &numberRow{},
		`SELECT key FROM numbers WHERE key > +?1 AND (NOT +?2 OR key % 2 = 1) ORDER BY key LIMIT +?3`, from.Last.N[0], from.Filter.Odd)
}

func TestPages(t *testing.T) {
	t.Parallel()
	c := closed(t, numbers(t, 500, 1))
	for _, f := range []parity{{}, {Odd: true}} {
		for _, size := range []int{0, 1, 3, 60, 1000} {
			limit := map[int]int{0: DefaultPageSize, 1000: MaxPageSize}[size]
			limit = max(limit, min(size, MaxPageSize))
			var all []int64
			for p := (Page{Size: size}); ; {
				page, err := list(t.Context(), c, f, p)
				if err != nil {
					t.Fatal(err)
				}
				if page.Items == nil || len(page.Items) > limit || page.Next != "" && len(page.Items) < limit {
					t.Fatalf("a page of %d has %d items", size, len(page.Items))
				}
				all = append(all, page.Items...)
				if p.After = page.Next; p.After == "" {
					break
				}
			}
			var want []int64
			for n := int64(1); n <= 500; n++ {
				if !f.Odd || n%2 == 1 {
					want = append(want, n)
				}
			}
			if !slices.Equal(want, all) {
				t.Errorf("%+v in pages of %d: %d items", f, size, len(all))
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := list(ctx, c, parity{}, Page{}); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits for the page: %v", err)
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	from := Bookmark[parity]{List: "numbers", Of: 7, Filter: parity{Odd: true}}
	good, err := from.Cursor(Place{Text: "é", N: [3]int64{1, -2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	from.Last = Place{Text: "é", N: [3]int64{1, -2, 3}}
	for _, f := range []parity{{}, {Odd: true}} {
		if got, err := ReadCursor(Page{After: good}, "numbers", 7, f); got != from || err != nil {
			t.Errorf("%+v: %+v, %v", f, got, err)
		}
	}
	if got, err := ReadCursor(Page{}, "numbers", 7, parity{}); got != (Bookmark[parity]{List: "numbers", Of: 7}) || err != nil {
		t.Errorf("the beginning: %+v, %v", got, err)
	}
	of := func(text string) Cursor { return Cursor(base64.RawURLEncoding.EncodeToString([]byte(text))) }
	for _, bad := range []Cursor{"x", "%%%", good + "A", good[:len(good)-4], of("{}"), of("[]"), of(`{"l":"numbers","o":7,"k":{"n":[1,2,3]},"more":1}`)} {
		if _, err := ReadCursor(Page{After: bad}, "numbers", 7, parity{}); !errors.Is(err, ErrBadCursor) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ReadCursor(Page{After: good}, "letters", 7, parity{}); !errors.Is(err, ErrBadCursor) {
		t.Errorf("of another list: %v", err)
	}
	if _, err := ReadCursor(Page{After: good}, "numbers", 8, parity{}); !errors.Is(err, ErrBadCursor) {
		t.Errorf("of something else: %v", err)
	}
	even, err := Bookmark[parity]{List: "numbers", Of: 7}.Cursor(Place{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCursor(Page{After: even}, "numbers", 7, parity{Odd: true}); !errors.Is(err, ErrBadCursor) {
		t.Errorf("with another filter: %v", err)
	}
}
