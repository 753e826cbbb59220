// Package node is a Muster node: an open log with the read models that follow it, the
// workers, and the HTTP server in front of the API. The commands that run a node (serve,
// bench) and those that only read a log (audit, rebuild) get it from here.
//
//	n, err := node.Open(ctx, node.Options{Data: dir, Logger: logger, Stderr: os.Stderr})
//	defer n.Close() // also after an error
//	…
//	err = n.Start(ctx) // returns when the node is up to date
//
// A node does not listen by itself. The command that runs it makes the API ([Node.API])
// and hands it to a [Front].
package node
