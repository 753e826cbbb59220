package catalogue

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

var tokens = []row{
	{
		What: "There is a new token.",
		Text: map[string]string{
			"token":               "The token.",
			"token.id":            "The token's id.",
			"token.name":          "The token's name, for people.",
			"token.secret_sha256": "The SHA-256 of its secret. The secret itself is stored nowhere.",
			"token.scopes":        "What it may do.",
			"token.workspace_id":  "The workspace that it is bound to. Absent if there is none.",
			"token.user_id":       "The user whom it represents. Absent if there is none.",
			"token.expires_at":    "When it ends by itself. Absent if it does not.",
		},
		Examples: []domain.Event{domain.TokenIssued{About: acme, Token: domain.TokenFacts{
			ID: billing, Name: "Billing service", Secret: hash("token"), Scopes: domain.Scopes{"workspace_members:read", "access:read"},
			ExpiresAt: time.Date(2030, 1, 31, 0, 0, 0, 0, time.UTC),
		}}},
	},
	{
		What:     "The token has another secret.",
		Examples: []domain.Event{domain.TokenRotated{About: acme, TokenID: billing, Secret: hash("new token"), FormerUntil: noon.Add(24 * time.Hour)}},
	},
	{
		What:     "The token is no longer valid.",
		Examples: []domain.Event{domain.TokenRevoked{About: acme, TokenID: billing}},
	},
}
