// Package teamwork imitates the members of Teamwork's workspaces: GET and POST of
// /api/v1/Workspaces/{workspaceId}/members, and PUT of a member's access.
//
// A member is a membership, and has the membership's id. What they may do is a number
// from 0, a client, to 4, an owner:
//
//	{"id": "019c…", "workspaceId": "019c…", "userId": "019c…", "accessLevel": 2,
//	 "createdDate": "2026-03-05T23:09:47.281Z"}
//
// Fewer people may write here than in other faces: see [domain.Meta.Least]. The mapping,
// and the decisions where Teamwork's documentation says nothing, are in
// docs/dialects/teamwork.md.
package teamwork
