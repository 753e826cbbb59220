// Muster answers one question for the products that embed it: who may do what in
// which workspace, since when, by whose hand, and can you prove it?
//
//	muster serve            run the service
//	muster ready            ask a running service whether it is ready
//	muster token            issue, list and revoke tokens of a running service
//	muster audit replay     print history, and the state that it folds to
//	muster audit verify     prove that log and read models are whole
//	muster rebuild          make the read models anew from the log
//	muster version          print what this is
//
// This package is the only one that wires: it opens the log (events), the read
// models (projections) and the API (transport), hands each what it needs, and
// closes them in the opposite order. There is one file for each command.
//
// Results go to standard output, logs to standard error. What can be set by a
// flag of serve can be set by a variable of the environment, MUSTER_ and the
// flag's name; the flag wins. The exit status is 0 when all went well, 1 when it
// did not, and 2 when the command line was wrong, or when audit verify could not
// look.
package main
