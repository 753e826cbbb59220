package catalogue

// texts say what fields are that mean the same wherever they occur, by their paths.
var texts = map[string]string{
	"membership_id":   "The membership. It keeps its id when the user is removed and added again.",
	"role_id":         "The role.",
	"token_id":        "The token.",
	"subscription_id": "The subscription.",
	"review_id":       "The review.",
	"secret_sha256":   "The SHA-256 of the new secret. The secret itself is stored nowhere.",

	"former_expires_at": "Until when the old secret stays valid.",

	"permissions": "The permissions that replace those of the role. Absent if the role's apply.",
	"expires_at":  "When the membership ends by itself. Absent if it does not.",

	"invitation":               "The invitation.",
	"invitation.secret_sha256": "The SHA-256 of the secret that accepts it. The secret itself is stored nowhere.",
	"invitation.expires_at":    "When it can no longer be accepted.",
}
