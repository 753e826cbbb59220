// Package teamwork speaks like the members of Teamwork's workspaces: GET and POST of
// /api/v1/Workspaces/{workspaceId}/members, and PUT of a member's access.
//
// A member is a membership, by the membership's id, and what they may do is one
// number from 0, a client, to 4, an owner:
//
//	{"id": "019c…", "workspaceId": "019c…", "userId": "019c…", "accessLevel": 2,
//	 "createdDate": "2026-03-05T23:09:47.281Z"}
//
// Fewer people may write here than elsewhere: see [domain.Meta.Least]. What is mapped
// to what, and what was decided where Teamwork says nothing, is in
// docs/dialects/teamwork.md.
package teamwork
