// Package attio speaks like the workspace members of Attio's API, version 2: GET of
// /v2/workspace_members, of one of them, and of /v2/self.
//
// A token is bound to a workspace, and that is the one meant. An item is a
// membership:
//
//	{"id": {"workspace_id": "019c…", "workspace_member_id": "019c…"},
//	 "first_name": "Susan", "last_name": "Kare", "avatar_url": null,
//	 "email_address": "susan.kare@apple.com",
//	 "created_at": "2022-11-21T13:22:49.061000000Z", "access_level": "member"}
//
// Nobody who was a member disappears: who is none any more is suspended here. What
// is mapped to what, and what was decided where Attio says nothing, is in
// docs/dialects/attio.md.
package attio
