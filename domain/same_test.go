package domain

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"
)

// samePart reports the same as reflect.DeepEqual of two parts, in a fraction of the time.
// The sequences of [TestProperties] spend most of their time on it.
func samePart(a, b Part) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case *Organization:
		return equal(a, b)
	case *OrganizationMember:
		return equal(a, b)
	case *Profile:
		return equal(a, b)
	case *EmailHolder:
		b, ok := b.(*EmailHolder)
		return ok && a.Organization == b.Organization && a.Email == b.Email && a.Holding == b.Holding && slices.Equal(a.Others, b.Others)
	case *Workspace:
		return equal(a, b)
	case *Membership:
		b, ok := b.(*Membership)
		return ok && a.ID == b.ID && a.Organization == b.Organization && a.Workspace == b.Workspace && a.User == b.User &&
			a.Role == b.Role && a.State == b.State && samePermissions(a.Permissions, b.Permissions) && a.ExpiresAt.Equal(b.ExpiresAt) &&
			a.Accepted == b.Accepted && a.Joined == b.Joined && a.Invitation == b.Invitation && a.AddedBy == b.AddedBy && a.EndedBy == b.EndedBy && a.Stamp == b.Stamp
	case *CustomRole:
		b, ok := b.(*CustomRole)
		return ok && sameRole(a.Role, b.Role) && a.Organization == b.Organization && a.ArchivedAt.Equal(b.ArchivedAt) && a.Stamp == b.Stamp
	case *UserMemberships:
		b, ok := b.(*UserMemberships)
		return ok && a.Organization == b.Organization && a.User == b.User && slices.Equal(a.Workspaces, b.Workspaces) &&
			maps.EqualFunc(a.Ends, b.Ends, time.Time.Equal) && slices.Equal(a.Owned, b.Owned) && slices.Equal(a.Ending, b.Ending) && a.Version == b.Version
	case *Owners:
		b, ok := b.(*Owners)
		return ok && a.Workspace == b.Workspace && slices.Equal(a.Users, b.Users)
	case *Token:
		b, ok := b.(*Token)
		return ok && a.ID == b.ID && a.Name == b.Name && a.Secret == b.Secret && slices.Equal(a.Scopes, b.Scopes) &&
			a.Workspace == b.Workspace && a.User == b.User && a.ExpiresAt.Equal(b.ExpiresAt) &&
			a.Organization == b.Organization && a.Former == b.Former && a.FormerUntil.Equal(b.FormerUntil) &&
			a.RevokedAt.Equal(b.RevokedAt) && a.Stamp == b.Stamp
	case *Subscription:
		b, ok := b.(*Subscription)
		return ok && a.ID == b.ID && a.Kind == b.Kind && a.Secret == b.Secret && a.Name == b.Name && slices.Equal(a.Types, b.Types) &&
			a.Workspace == b.Workspace && a.URL == b.URL && slices.Equal(a.Include, b.Include) && a.Batch == b.Batch &&
			a.Organization == b.Organization && a.Start == b.Start && a.Set == b.Set && a.Epoch == b.Epoch && a.Resumed == b.Resumed &&
			a.Generation == b.Generation && a.Former == b.Former && a.FormerUntil.Equal(b.FormerUntil) && a.PausedAt.Equal(b.PausedAt) &&
			a.Pause == b.Pause && a.Detail == b.Detail && a.DeletedAt.Equal(b.DeletedAt) && a.Stamp == b.Stamp
	case *SubscriptionCount:
		return equal(a, b)
	case *Review:
		return equal(a, b)
	case *ReviewRow:
		return equal(a, b)
	default:
		return reflect.DeepEqual(a, b)
	}
}

func equal[T comparable](a *T, b Part) bool {
	other, ok := any(b).(*T)
	return ok && *a == *other
}

func sameRole(a, b Role) bool {
	return a.ID == b.ID && a.Key == b.Key && a.Name == b.Name && a.Level == b.Level && samePermissions(a.Permissions, b.Permissions) && a.BuiltIn == b.BuiltIn
}

// samePart must notice a change of every field, including fields that are added to a part
// later.
func TestSamePartSeesEveryField(t *testing.T) {
	for _, p := range []Part{
		&Organization{}, &OrganizationMember{}, &Profile{}, &EmailHolder{}, &Workspace{},
		&Membership{}, &CustomRole{}, &UserMemberships{}, &Token{}, &Done{}, &Owners{},
	} {
		if !samePart(p, p.clone()) {
			t.Errorf("%T is not the same as itself", p)
		}
		if samePart(p, nil) || samePart(nil, p) {
			t.Errorf("%T is the same as nothing", p)
		}
		kind := reflect.TypeOf(p).Elem()
		for _, index := range leaves(kind, nil) {
			other := reflect.New(kind)
			touch(t, other.Elem().FieldByIndex(index))
			if samePart(p, other.Interface().(Part)) || samePart(other.Interface().(Part), p) {
				t.Errorf("%s: a change of field %s goes unseen", kind, kind.FieldByIndex(index).Name)
			}
		}
	}
}

// leaves returns the indexes of all fields, at any depth, that are not structs.
func leaves(kind reflect.Type, at []int) (all [][]int) {
	for i := range kind.NumField() {
		index := append(slices.Clone(at), i)
		if field := kind.Field(i).Type; field.Kind() == reflect.Struct && field != reflect.TypeFor[time.Time]() {
			all = append(all, leaves(field, index)...)
		} else {
			all = append(all, index)
		}
	}
	return all
}

// touch sets a field to a value that is not zero.
func touch(t *testing.T, field reflect.Value) {
	switch field.Kind() {
	case reflect.String:
		field.SetString("x")
	case reflect.Bool:
		field.SetBool(true)
	case reflect.Int:
		field.SetInt(1)
	case reflect.Uint64:
		field.SetUint(1)
	case reflect.Array:
		field.Index(0).SetUint(1)
	case reflect.Slice:
		field.Set(reflect.MakeSlice(field.Type(), 1, 1))
	case reflect.Map:
		field.Set(reflect.MakeMap(field.Type()))
		field.SetMapIndex(reflect.Zero(field.Type().Key()), reflect.ValueOf(now))
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
	case reflect.Struct:
		field.Set(reflect.ValueOf(now))
	default:
		t.Fatalf("no other value is known for a %s", field.Kind())
	}
}
