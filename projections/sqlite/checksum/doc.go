// Package checksum gives SQLite a file system ([VFS]) that keeps a checksum in the last
// 8 bytes of each page of a database file. SQLite verifies the checksum whenever it reads
// a page from the file. If the page is not as it was written, the statement that needs it
// fails with SQLITE_IOERR_DATA. A page that the cache holds is not verified again.
//
// What it does not cover: the checksum does not contain the number of the page, so two
// pages that have changed places still have the right ones. Frames of the WAL have
// checksums of their own, which SQLite verifies when it opens a WAL that was left behind.
//
// The file system also overwrites with zeros what SQLite leaves of rows when it moves them between
// pages, and what secure_delete does not reach. So a row that is overwritten or deleted is in no
// byte of the file, once the WAL is moved into it. Pages in the cache of a connection, and so in
// the WAL, still have these remains.
//
// The file cksumvfs.c is SQLite's ext/misc/cksumvfs.c as of version 3.53.4, unchanged. Its
// authors have placed it in the public domain. It is taken from Debian's source package
// sqlite3 3.53.4-2, and its SHA-256 is in the test. The file sqlite3.h holds the
// declarations that it needs.
package checksum
