// Package backup has the commands muster backup and muster restore.
//
//	muster backup           write the log of a running or a stopped service to one file
//	muster backup verify    check every bit of such a file
//	muster restore          make the log again, in a new directory or on other servers
//
// No backup has the erasure ledger: muster audit erasures copies it.
// What is in the file, and how it is checked, is in events/backup.
package backup
