// Package collector sets how Go's memory collector works in a process that serves.
//
// By default Go collects whenever the heap has doubled. Muster's live heap is small and
// each request leaves garbage, so that would be many times a second, each time for a few
// megabytes. Here the heap may grow by [Room] at least before it is collected. A large
// heap is treated as by default.
//
// If the process runs in a control group with a limit of memory, such as a container, Go's
// own limit is set to a part of it, so that the collector works harder before the kernel
// ends the process. The rest of the limit is for SQLite, whose memory Go does not count.
//
// Whoever sets GOGC or GOMEMLIMIT gets what they have set.
package collector
