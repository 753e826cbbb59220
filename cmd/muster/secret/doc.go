// Package secret keeps the texts in a data directory that give access to everything:
// files that only their owner can read.
//
//	root, err := secret.Root(dir, logger) // made at the first start
package secret
