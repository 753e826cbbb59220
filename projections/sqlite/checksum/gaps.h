// muster_register_gaps makes the file system of gaps.c known to SQLite. The one of cksumvfs.c must
// be known already.
int muster_register_gaps(void);

// muster_uncounted makes SQLite keep no count of the memory that it takes. It must be called
// before SQLite is used.
int muster_uncounted(void);
