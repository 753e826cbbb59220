// Package transactionlink imitates the workspace memberships of TransactionLink's API:
// GET, PUT and DELETE below /workspaces/{workspaceId}. The list below
// /organizations/workspaces also has users who inherit their access.
//
// A row is one reason why a user has access to a workspace:
//
//	{"workspaceId": "019c…", "userId": "019c…", "role":
//	 {"id": "0000…", "name": "Editor", "workspaceId": "019c…",
//	  "createdDateTime": "2026-03-05T23:09:47.281Z", "type": "WORKSPACE"}}
//
// The mapping, and the decisions where TransactionLink's documentation says nothing, are
// in docs/dialects/transactionlink.md.
package transactionlink
