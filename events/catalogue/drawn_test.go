package catalogue

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// Whatever an event says is valid by its schema: with and without what can be absent, and with
// null where that means something.
func TestDrawnEvents(t *testing.T) {
	c := compiler(t)
	for _, one := range all(t) {
		t.Run(one.Name, func(t *testing.T) {
			example := one.Examples[0]
			rapid.Check(t, func(rt *rapid.T) {
				drawn := reflect.New(reflect.TypeOf(example.Event)).Elem()
				draw(rt, drawn, false)
				if set, ok := drawn.Interface().(domain.UserProfileSet); ok { // as people get it
					set.Sealed, set.Erased = domain.SealedProfile{}, false
					drawn = reflect.ValueOf(set)
				}
				r := *example
				r.Event = drawn.Interface().(domain.Event)
				whole, err := wire.Encode(nil, partition, &r)
				if err != nil {
					rt.Fatal(err)
				}
				event, err := Example(&r)
				if err != nil {
					rt.Fatal(err)
				}
				if err := valid(t, c, CloudEventSchema(), whole); err != nil {
					rt.Fatalf("%v\n%s", err, whole)
				}
				if err := valid(t, c, one.DataSchema(), event.Data); err != nil {
					rt.Fatalf("%v\n%s", err, whole)
				}
			})
		})
	}
}

// draw fills the value. Lists and pointers are nil only where that is a value: in a change, or
// where nil is left out.
func draw(t *rapid.T, v reflect.Value, canBeNil bool) {
	name := v.Type().String()
	if described, ok := values[v.Type()]; ok && len(described.Enum) > 0 {
		v.SetString(rapid.SampledFrom(described.Enum).Draw(t, name))
		return
	}
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMilli(rapid.Int64Range(0, 1<<42).Draw(t, name)).UTC()))
		return
	case domain.Level:
		v.SetInt(rapid.Int64Range(1, int64(domain.LevelTop)).Draw(t, name))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		change := strings.HasPrefix(name, "domain.Change[")
		for i := range v.NumField() {
			field := v.Type().Field(i)
			absent := strings.Contains(field.Tag.Get("json"), ",omit")
			if !absent || rapid.Bool().Draw(t, field.Name) {
				draw(t, v.Field(i), change || absent)
			}
		}
	case reflect.Pointer:
		if !canBeNil || rapid.Bool().Draw(t, name) {
			v.Set(reflect.New(v.Type().Elem()))
			draw(t, v.Elem(), false)
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 2).Draw(t, name); n >= 0 || !canBeNil {
			v.Set(reflect.MakeSlice(v.Type(), max(n, 0), max(n, 0)))
		}
		for i := range v.Len() {
			draw(t, v.Index(i), false)
		}
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(rapid.Byte().Draw(t, name)))
		}
	case reflect.Int:
		v.SetInt(rapid.Int64Range(0, 1<<53-1).Draw(t, name))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64Range(0, 1<<53-1).Draw(t, name))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, name))
	case reflect.String:
		v.SetString(rapid.String().Draw(t, name))
	default:
		t.Fatalf("nobody knows how to draw a %s", name)
	}
}
