package wire

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
)

const (
	// maxEvent is more than any event of a command takes that the rules let through, and less than
	// what can be proved of one: a leaf of the Merkle tree has 65,535 bytes at most.
	maxEvent = 45 << 10
	// messageBytes is how many bytes of events a message of the log takes.
	messageBytes = 1<<20 - 4<<10
)

// largest fills the value with the largest content that the rules let through.
func largest(t *testing.T, v reflect.Value, name string) {
	text := func(characters int, one string) { v.SetString(strings.Repeat(one, characters)) }
	const wide = "\U0001F642" // a character of four bytes
	switch v.Interface().(type) {
	case domain.Permission:
		text(100, "p")
	case domain.RoleKey, domain.Scope:
		text(50, "r")
	case domain.OrganizationRole, domain.SubscriptionKind:
		text(7, "r")
	case domain.PauseCause, domain.ReviewDecision:
		text(9, "c")
	case time.Time:
		v.Set(reflect.ValueOf(testTime))
	case []domain.Permission:
		v.Set(reflect.MakeSlice(v.Type(), domain.MaxPermissions, domain.MaxPermissions))
	case []string:
		n := domain.MaxEventTypes
		if name == "Include" {
			n = 1
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
	case domain.Scopes:
		v.Set(reflect.MakeSlice(v.Type(), domain.MaxScopes, domain.MaxScopes))
	case string:
		switch name {
		case "Text": // of a sealed profile, in base64
			text((4*(domain.MaxURL+2*domain.MaxName)+domain.MaxEmail+300)/3*4, "t")
		case "Email":
			text(domain.MaxEmail, "e")
		case "AvatarURL", "URL":
			text(domain.MaxURL, wide)
		case "Types", "Include":
			text(domain.MaxEventType, "t")
		case "Why", "Detail":
			text(domain.MaxReason, wide)
		default:
			text(domain.MaxName, wide)
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type() != reflect.TypeFor[time.Time]() {
				largest(t, v.Field(i), v.Type().Field(i).Name)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			largest(t, v.Index(i), name)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		largest(t, v.Elem(), name)
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(255)
		}
	case reflect.Int:
		v.SetInt(50)
	case reflect.Uint64:
		v.SetUint(1 << 53)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		if v.Len() == 0 {
			t.Fatalf("nobody knows how long a %s can be", v.Type())
		}
	default:
		t.Fatalf("nobody knows how large a %s can be", v.Type())
	}
}

// No single event is large. So only a command with very many events can outgrow a message
// of the log: a batch of more than 20 operations. The ends of memberships that one command
// records fit.
func TestLargestEvents(t *testing.T) {
	sizes := make(map[string]int)
	for _, e := range samples() {
		filled := reflect.New(reflect.TypeOf(e)).Elem()
		largest(t, filled, "")
		r := recorded(filled.Interface().(domain.Event))
		r.Number, r.Reason = 1<<53, strings.Repeat("\U0001F642", domain.MaxReason)
		encoded, err := Encode(nil, 1023, r)
		if err != nil {
			t.Fatal(err)
		}
		if len(encoded) > maxEvent {
			t.Errorf("%s can have %d bytes, more than %d", e.EventType(), len(encoded), maxEvent)
		}
		if _, ok := e.(domain.MemberRemoved); ok && (domain.MaxEnds+1)*len(encoded) > messageBytes {
			t.Errorf("%d ends of memberships with %d bytes do not fit into %d", domain.MaxEnds, len(encoded), messageBytes)
		}
		sizes[e.EventType()] = len(encoded)
	}
	operation := func(types ...string) (sum int) {
		for _, one := range types {
			sum += sizes[one]
		}
		return sum
	}
	for name, size := range map[string]int{
		"add":    operation("muster.member.expired", "muster.user.profile_set", "muster.member.added"),
		"invite": operation("muster.member.expired", "muster.user.profile_set", "muster.member.invited"),
		"update": operation("muster.member.role_changed", "muster.member.permissions_changed", "muster.member.expiry_changed"),
		"remove": operation("muster.member.removed"),
	} {
		if 20*size > messageBytes {
			t.Errorf("20 operations to %s take %d bytes of %d", name, 20*size, messageBytes)
		}
	}
}
