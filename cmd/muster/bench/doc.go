// Package bench is the command muster bench, which measures a machine: it runs Muster in
// a fresh directory, fills it, loads it over loopback from the same process, and prints
// how much of each kind of work there was in a second beside what the machine can do at
// most.
//
// The work is that of a product with many customers: a hundred organizations, a hundred
// members with e-mail addresses in each workspace, people who are in several workspaces,
// and requests for random ones ([world]). So nothing is measured on a few rows that stay
// in a cache.
//
// Each measurement is a line with a number of callers, and most lines name a floor:
// another line of the same run that does the least possible work of the kind, such as
// flushing one file. The ratio between them is what can be compared between machines.
package bench
