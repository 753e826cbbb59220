// Package attio imitates the workspace members of Attio's API, version 2: GET of
// /v2/workspace_members, of one of them, and of /v2/self.
//
// The workspace is always the one that the token is bound to. An item is a membership:
//
//	{"id": {"workspace_id": "019c…", "workspace_member_id": "019c…"},
//	 "first_name": "Susan", "last_name": "Kare", "avatar_url": null,
//	 "email_address": "susan.kare@apple.com",
//	 "created_at": "2022-11-21T13:22:49.061000000Z", "access_level": "member"}
//
// Members never disappear from the list. Somebody who is not a member any more is shown
// as suspended. The mapping, and the decisions where Attio's documentation says nothing,
// are in docs/dialects/attio.md.
package attio
