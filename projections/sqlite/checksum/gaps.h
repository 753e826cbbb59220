// muster_register_gaps makes the file system of gaps.c known to SQLite. The one of cksumvfs.c must
// be known already.
int muster_register_gaps(void);
