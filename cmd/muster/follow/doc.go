// Package follow is the command muster events follow, which prints the events of an
// organization as they come, from a running service.
//
// What begins where is in place.go, printed lines are in line.go, and the names beside ids
// are in names.go. The stream itself, which connects again when it is lost, is the client's.
// The output is written, and then the position noted in the file of --cursor-file, whenever
// all that has been received is printed. So what is in the file has been printed; after a
// kill in between, some events are printed again.
package follow
