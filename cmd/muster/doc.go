// Muster answers one question for the products that embed it: who may do what in
// which workspace, since when, by whose hand, and can you prove it?
//
//	muster serve            run the service
//	muster ready            ask a running service whether it is ready
//	muster token            issue, list and revoke tokens of a running service
//	muster events follow    print events as they come
//	muster subscription     manage subscriptions of a running service
//	muster import, export   move the members of a workspace in and out of files
//	muster audit replay     print history, and the state that it folds to
//	muster audit verify     prove that log and read models are whole
//	muster rebuild          make the read models again from the log
//	muster backup, restore  write the log to one file, and make it again from that
//	muster webhook listen   receive webhooks on this machine, for development
//	muster bench            measure this machine
//	muster version          print the version
//
// This package holds the program's start, and the small commands, one file each. The
// large commands are packages beside it: audit, backup, bench, demo, follow, listen, roster
// and subscription. They share node (an open log with its read models), client (a running
// service), terminal (flags, tables, exit statuses), secret (the root token) and collector
// (settings of Go's memory collector), and do not import each other.
//
// Results go to standard output, logs to standard error. Every setting of serve that
// has a flag can also be set by a variable of the environment, MUSTER_ and the flag's
// name. The flag wins. The exit status is 0 for success, 1 for failure, and 2 if the
// command line was wrong or audit verify could not read what it was asked to verify.
package main
