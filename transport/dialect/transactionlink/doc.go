// Package transactionlink speaks like the workspace memberships of
// TransactionLink's API: GET, PUT and DELETE below /workspaces/{workspaceId}, and
// below /organizations/workspaces the list with those who inherit their access.
//
// A row is one reason why a user has access to a workspace:
//
//	{"workspaceId": "019c…", "userId": "019c…", "role":
//	 {"id": "0000…", "name": "Editor", "workspaceId": "019c…",
//	  "createdDateTime": "2026-03-05T23:09:47.281Z", "type": "WORKSPACE"}}
//
// What is mapped to what, and what was decided where TransactionLink says nothing,
// is in docs/dialects/transactionlink.md.
package transactionlink
