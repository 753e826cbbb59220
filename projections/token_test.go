package projections

import (
	"testing"

	"github.com/muster-dev/muster/domain"
)

func TestRevoked(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org := orgID(1)
	if got := m.Revoked(1); got != 0 {
		t.Errorf("before any: %d", got) // the one on the stage came before they were opened
	}
	h.do(t, domain.RevokeToken{Meta: root(org), Token: domain.TokenID{2}}, domain.RenameOrganization{Meta: root(org), Name: "New"})
	h.follow(t, m)
	if got, want := m.Revoked(1), h.state.Token(org, domain.TokenID{2}).Version; got != want || m.Revoked(2) != 0 {
		t.Errorf("%d, want %d; of another partition: %d", got, want, m.Revoked(2))
	}
}
