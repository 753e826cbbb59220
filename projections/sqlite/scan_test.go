package sqlite

import (
	"reflect"
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
