// Package block reads the files that JetStream keeps a stream in, without JetStream. It
// only ever reads: JetStream itself cuts a file at the first record that it cannot read,
// even if it opens the file to read it.
//
// # The files
//
// A stream is a directory with the files
//
//	meta.inf       the stream's configuration, as JSON
//	meta.sum       the hash of meta.inf, in hexadecimal digits
//	msgs/1.blk …   the messages, about 8 MB in each file
//	msgs/index.db  a summary of the blocks, written at a clean stop and now and then
//
// A block is a sequence of records. Numbers are little-endian:
//
//	length of the record    4 bytes; the highest bit says that there are headers
//	sequence                8 bytes
//	time                    8 bytes; nanoseconds since 1970
//	length of the subject   2 bytes
//	subject
//	length of the headers   4 bytes, only with headers
//	headers                 only with headers
//	data
//	hash                    8 bytes
//
// Every hash is a 64 bit HighwayHash. The key is the SHA-256 hash of the stream's name, and
// for records that of NAME-N, where N is the number of the block. A record's hash covers
// the sequence, the time, the subject, the headers and the data. It does not cover the
// lengths.
//
// A client that may write to the stream can write messages that Muster has not written.
// They are read like the others; see [Record].
//
// Muster never deletes from its log, so that sequences start with 1 and have no gaps, over
// all blocks. It uses neither JetStream's compression nor its encryption.
//
// # Use
//
//	s := block.Stream{Dir: "…/streams/MUSTER_LOG_00", Name: "MUSTER_LOG_00"}
//	r, err := s.Read(1)
//	defer r.Close()
//	for {
//		record, err := r.Next() // io.EOF at the end, *Damage where the log is damaged
//		…
//	}
package block
