// Package worker holds what Muster does by itself: work that is started by a clock
// or an event instead of a request.
//
// A worker is a type with its dependencies in its fields and a method
//
//	Run(ctx context.Context)
//
// that works until its context ends and then returns. [Start] owns the goroutines of
// several workers and waits for them when they are stopped:
//
//	expiry := &worker.Expiry{Log: log, Models: models, Now: time.Now, NewID: newID, Logger: logger}
//	workers := worker.Start(expiry.Run)
//	defer workers.Stop()
//
// Every node runs the same workers. They need no leader, because a worker only runs
// commands, and the log decides which command comes first.
package worker
