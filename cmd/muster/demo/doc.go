// Package demo fills an empty log with a sample organization, and prints how to look at
// it: muster serve --demo.
//
// The organization has five months of history ([Fill]), written with the clock of the
// node set back. Its ids are the same on every machine, so that examples can name them.
// Its tokens are made through the API when that is open ([Show]).
package demo
