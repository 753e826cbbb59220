package ids

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestNew(t *testing.T) {
	before := time.Now().Truncate(time.Millisecond)
	seen := make(map[[16]byte]bool)
	for range 1000 {
		id := uuid.UUID(New())
		if id.Version() != 7 || id.Variant() != uuid.RFC4122 || seen[id] {
			t.Fatalf("%v is not a UUIDv7 of its own", id)
		}
		seen[id] = true
		if at := time.Unix(id.Time().UnixTime()); at.Before(before) || at.After(time.Now()) {
			t.Fatalf("%v was made at %v", id, at)
		}
	}
}

// The log holds ids that were derived like these, so the results must never change.
func TestDerived(t *testing.T) {
	for _, c := range []struct {
		want  string
		texts []string
	}{
		{"0dc64bd0-bbdb-8e3d-8b08-4888357da2c0", []string{"command", "019cc043-af91-783e-9927-3daab1cd9277", "key"}},
		{"9ff5776f-cc68-8486-8d86-7fa254e38bad", []string{"jwt", "https://login.acme.example", "019cc043-af91-783e-9927-3dad367acbdf", "019cc043-af91-783e-9927-3daab1cd9277"}},
		{"601d5476-e2cc-8e2c-87a2-bba7a3226597", []string{"ab", "c"}},
		{"3fafa1cf-2f19-87c1-929b-eb20cf0983f7", []string{"a", "bc"}},
		{"e3b0c442-98fc-8c14-9afb-f4c8996fb924", nil},
	} {
		if got := uuid.UUID(Derived(c.texts...)).String(); got != c.want {
			t.Errorf("%q became %s, want %s", c.texts, got, c.want)
		}
	}
}

// BenchmarkNew compares New with the library that is usually used.
func BenchmarkNew(b *testing.B) {
	b.Run("ids", func(b *testing.B) {
		for b.Loop() {
			_ = New()
		}
	})
	b.Run("google", func(b *testing.B) {
		for b.Loop() {
			_, _ = uuid.NewV7()
		}
	})
}
