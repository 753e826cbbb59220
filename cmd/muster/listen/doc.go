// Package listen is the command muster webhook listen, for those who develop a receiver of
// webhooks. It receives what Muster sends, verifies the signatures, prints each event, and
// can hand it on to the receiver:
//
//	muster webhook listen --organization ORG --forward-to http://localhost:8000/hooks
//	muster webhook listen --secret whsec_… --status 503
//
// With --organization it makes a subscription to its own address, and deletes it at the end.
package listen
