// Proofs checks an organization's export with nothing of Muster: every event against its
// proof, and every proof against the key. An event that was changed must not pass.
//
//	proofs EXPORT KEY
package main
