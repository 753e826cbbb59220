package auth

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

// idClaim reads the claim that holds the id of an organization or of a user. The nil UUID
// is refused. As the organization it would turn the JWT into a root token, and as the
// user into a token of a program.
func idClaim[ID interface{ ~[16]byte }](all map[string]jsontext.Value, name string) (ID, error) {
	var id domain.ID[struct{}]
	if err := json.Unmarshal(all[name], &id); err != nil || id.IsZero() {
		return ID{}, badJWT("its claim " + name + " must be a UUID, and not the nil one")
	}
	return ID(id), nil
}

// scopesClaim reads the claim that holds the scopes. A JWT without the claim has none.
func scopesClaim(all map[string]jsontext.Value, name string) (domain.Scopes, error) {
	claim, ok := all[name]
	var words []string
	if ok && json.Unmarshal(claim, &words) != nil {
		var text string
		if json.Unmarshal(claim, &text) != nil {
			return nil, badJWT("its claim " + name + " must be a text with spaces between the scopes, or a list of scopes")
		}
		words = strings.Fields(text)
	}
	scopes := domain.Scopes{}
	for _, word := range words {
		// Unknown scopes, such as openid, are meant for other services.
		if scope := domain.Scope(word); scope.Valid() && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, nil
}
