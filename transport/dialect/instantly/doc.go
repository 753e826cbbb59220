// Package instantly imitates the workspace members of Instantly's API, version 2: GET,
// POST, PATCH and DELETE of /api/v2/workspace-members.
//
// The workspace is always the one that the token is bound to. An item is a membership,
// and has the membership's id:
//
//	{"id": "019c…", "email": "ada@acme.example", "user_id": "019c…", "role": "editor",
//	 "timestamp_created": "2026-03-05T23:09:47.281Z", "workspace_id": "019c…", "accepted": true,
//	 "user_email": "ada@acme.example", "name": {"first": "Ada", "last": "Lovelace"},
//	 "issuer_id": null, "permissions": null}
//
// The mapping, and the decisions where Instantly's documentation says nothing, are in
// docs/dialects/instantly.md.
package instantly
