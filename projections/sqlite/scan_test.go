package sqlite

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"
)

type word string

// Every column scans its type, null as the zero value, and nothing else.
func TestScan(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_770_000_000_123).UTC()
	bytes, moment, text, number, flag, words := make([]byte, 2), at, word("x"), int64(7), true, []word{"x"}
	for name, c := range map[string]struct {
		to    Column
		value any
		want  any
		zero  any
		got   func() any
		bad   []any
	}{
		"bytes":  {BytesColumn(bytes), []byte{1, 2}, []byte{1, 2}, []byte{0, 0}, func() any { return bytes }, []any{[]byte{1}, "ab", int64(1)}},
		"time":   {Time(&moment), at.UnixMilli(), at, time.Time{}, func() any { return moment }, []any{"now"}},
		"text":   {Text(&text), "a b", word("a b"), word(""), func() any { return text }, []any{int64(1), []byte("a")}},
		"number": {Number(&number), int64(-3), int64(-3), int64(0), func() any { return number }, []any{"1"}},
		"flag":   {Flag(&flag), int64(1), true, false, func() any { return flag }, []any{"1"}},
		"words":  {Words(&words), "a b", []word{"a", "b"}, []word(nil), func() any { return words }, []any{int64(1)}},
	} {
		if err := c.to.Scan(valueOf(t, c.value)); err != nil || !reflect.DeepEqual(c.want, c.got()) {
			t.Errorf("%s: %v, %v", name, c.got(), err)
		}
		if err := c.to.Scan(valueOf(t, nil)); err != nil || !reflect.DeepEqual(c.zero, c.got()) {
			t.Errorf("%s of null: %v, %v", name, c.got(), err)
		}
		for _, bad := range c.bad {
			if err := c.to.Scan(valueOf(t, bad)); err == nil {
				t.Errorf("%s scans %#v", name, bad)
			}
		}
	}
}

// row takes the values of a row of every type.
type row struct {
	n    int64
	flag bool
	at   time.Time
	id   ID
	text word
	list []word
}

func (r *row) ScanColumns(v *Values) {
	r.n, r.flag, r.at, r.id = v.Number(), v.Flag(), v.Time(), v.ID()
	TakeText(v, &r.text)
	v.Scan(Words(&r.list))
}

// Columns take values of their types, null as the zero value, and nothing else. What comes
// after them is scanned by others.
func TestColumns(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_770_000_000_123).UTC()
	id := ID{1, 2}
	full := []any{int64(-3), int64(1), at.UnixMilli(), id[:], "a b", "a b", int64(9)}
	scan := func(args []any) (r row, after int64, err error) {
		block, err := appendArguments(nil, args)
		if err != nil {
			t.Fatal(err)
		}
		targets, err := appendTargets(nil, []any{&r, &after})
		if err != nil {
			t.Fatal(err)
		}
		err = (&Values{block: block}).scan(targets)
		return r, after, err
	}
	for _, c := range []struct {
		args []any
		want row
	}{
		{full, row{-3, true, at, id, "a b", []word{"a", "b"}}},
		{append(make([]any, 6), int64(9)), row{}},
	} {
		r, after, err := scan(c.args)
		if err != nil || after != 9 || !reflect.DeepEqual(c.want, r) {
			t.Errorf("%v: %+v, %d, %v", c.args, r, after, err)
		}
	}
	for i := range full {
		for _, bad := range []any{int64(1), "x", []byte{1}} {
			if reflect.TypeOf(bad) == reflect.TypeOf(full[i]) && i != 3 {
				continue
			}
			args := slices.Clone(full)
			args[i] = bad
			if _, _, err := scan(args); !errors.Is(err, ErrDamaged) {
				t.Errorf("column %d scans %#v: %v", i, bad, err)
			}
		}
		if _, _, err := scan(full[:i]); !errors.Is(err, errTooFew) {
			t.Errorf("%d columns: %v", i, err)
		}
	}
}

// valueOf returns the value of a column that holds what the argument is.
func valueOf(t *testing.T, arg any) Value {
	t.Helper()
	block, err := appendArguments(nil, []any{arg})
	if err != nil {
		t.Fatal(err)
	}
	v, rest := nextValue(block)
	if len(rest) != 0 || !reflect.DeepEqual(v.Any(), arg) {
		t.Errorf("%#v became %#v", arg, v.Any())
	}
	return v
}

// No list is null, which an empty list is not.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, words := range [][]word{{}, {"a"}, {"a", "b.c"}} {
		if got := SplitWords[word](JoinWords(words)); !reflect.DeepEqual(words, got) {
			t.Errorf("%q became %q", words, got)
		}
	}
	if got := WordsOrNull([]word(nil)); got != nil {
		t.Errorf("no list is %#v", got)
	}
	if got := WordsOrNull([]word{}); got != "" {
		t.Errorf("an empty list is %#v", got)
	}
	if got := TimeOrNull(time.Time{}); got != nil {
		t.Errorf("the zero time is %#v", got)
	}
}
