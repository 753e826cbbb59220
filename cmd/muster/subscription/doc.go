// Package subscription is the command muster subscription, which manages the subscriptions of
// an organization on a running service.
//
// A file holds one command, or those that differ only in a word. What they print is in
// print.go and delivery.go. With --format json it is the JSON of the API, so that scripts
// read what the reference documents.
package subscription
