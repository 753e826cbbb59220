// Package roster moves the members of a workspace in and out of files: muster import and
// muster export. Both talk to a running service.
//
// A file is CSV, with the names of its columns in the first line, or JSONL with an object
// a line. Import reads what export writes, and also the files of other systems:
//
//	user_id,email,first_name,last_name,avatar_url,role,permissions,expires_at,state
//	5f0b7a52-2c7c-4a5e-9a55-0c1c5d7f6a11,ada@example.com,Ada,Byron,,editor,,,active
//
// A line goes through the package like this: the package table reads it (encoding,
// separator, quotation marks), column.go says what its values mean, value.go makes a person of them,
// send.go sends batches of people, several at a time, and report.go says what became of
// every line.
package roster
