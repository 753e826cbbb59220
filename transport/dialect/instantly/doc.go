// Package instantly speaks like the workspace members of Instantly's API, version
// 2: GET, POST, PATCH and DELETE of /api/v2/workspace-members.
//
// A token is bound to a workspace, and that is the one meant. An item is a
// membership, by the membership's id:
//
//	{"id": "019c…", "email": "ada@acme.example", "user_id": "019c…", "role": "editor",
//	 "timestamp_created": "2026-03-05T23:09:47.281Z", "workspace_id": "019c…", "accepted": true,
//	 "user_email": "ada@acme.example", "name": {"first": "Ada", "last": "Lovelace"},
//	 "issuer_id": null, "permissions": null}
//
// What is mapped to what, and what was decided where Instantly says nothing, is in
// docs/dialects/instantly.md.
package instantly
