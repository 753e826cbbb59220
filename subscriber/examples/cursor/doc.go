// Command cursor shows how a subscriber of Muster handles each event exactly once: it
// keeps the position of the last event in the same SQLite transaction as its work.
//
//	MUSTER_TOKEN=tot_… cursor -url https://muster.acme.example follow
//	MUSTER_WEBHOOK_SECRET=whsec_… cursor -listen 127.0.0.1:8000 receive
//
// Its work is to queue a notice for each change of somebody's membership, which another
// program would send by e-mail. Nobody wants to get such a notice twice, or not at all.
// Kill it at any moment and start it again: there is one notice for each event.
//
// Both commands write to the file of -db. Use one file for each subscription.
package main
