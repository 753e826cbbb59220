// Package bench is the command muster bench, which measures a machine: it runs Muster in
// a fresh directory, loads it over loopback from the same process, and prints how many
// durable commands and reads there were in a second beside what the machine can do at
// most.
//
// Each measurement is a line with a number of callers, and most lines name a floor:
// another line of the same run that does the least possible work of the kind, such as
// flushing one file. The ratio between them is what can be compared between machines.
package bench
