/*
** Two ways of writing that SQLite does not have. SQLite makes its system calls through a table,
** in which muster_watch_writes replaces the one that writes. Only the thread that runs one of
** two statements writes differently:
**
** GATHERED is for COMMIT. SQLite writes each frame of the WAL with two calls, one of them for
** the 24 bytes of its header. Nobody reads frames before the index of the WAL tells of them,
** which is after the last one. So they are gathered and written many at once. The last frame of
** a commit has the size of the database in its header. With it everything is written that was
** gathered, before SQLite goes on.
**
** IN_PIECES is for moving the WAL into the database file. SQLite gives the system all pages and
** then flushes the file, which hands thousands of pages to the disk at once. Whoever else
** flushes a file meanwhile, such as the log, waits until the disk has them. So the pages are
** handed to the disk in pieces, and the thread waits for each. SQLite flushes the file as
** before.
*/
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "writing.h"

#if defined(__linux__)

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "checksum/sqlite3.h"

enum {
  FRAME_HEADER = 24,
  GATHERED_BYTES = 256 * 1024, /* more than the largest frame */
  PIECE_WRITES = 64,
};

typedef ssize_t (*write_call)(int, const void *, size_t, off_t);

static write_call plain_write;

static __thread struct {
  enum writing how;
  /* GATHERED */
  unsigned char *gathered;
  int page;           /* what was gathered last is the header of a frame */
  int last;           /* and the frame is the last one of the commit */
  int complete;       /* the last frame is written */
  /* both */
  int file;
  off_t begin, end;   /* the place of what is gathered, or of the piece */
  int writes;         /* in the piece */
} thread;

/* write_all returns 0, or -1 and errno. */
static int write_all(int file, const unsigned char *from, size_t length, off_t at){
  while( length>0 ){
    ssize_t n = plain_write(file, from, length, at);
    if( n<0 && errno==EINTR ) continue;
    if( n==0 ) errno = ENOSPC;
    if( n<=0 ) return -1;
    from += n;
    at += n;
    length -= (size_t)n;
  }
  return 0;
}

static int write_gathered(void){
  off_t begin = thread.begin, end = thread.end;
  thread.begin = thread.end = 0;
  return write_all(thread.file, thread.gathered, (size_t)(end-begin), begin);
}

/*
** gather takes frames only: the header of one, and the page that follows. SQLite may also make
** the index of the WAL longer, or write to frames that are there already.
*/
static ssize_t gather(int file, const void *from, size_t length, off_t at){
  int follows = thread.end>thread.begin && file==thread.file && at==thread.end;
  int page = thread.page && follows;
  if( thread.complete || (!page && length!=FRAME_HEADER) ) return plain_write(file, from, length, at);
  if( !follows || (size_t)(thread.end-thread.begin)+length>GATHERED_BYTES ){
    if( write_gathered()!=0 ) return -1;
    thread.file = file;
    thread.begin = thread.end = at;
  }
  memcpy(thread.gathered+(thread.end-thread.begin), from, length);
  thread.end += (off_t)length;
  thread.page = !page;
  if( !page ){
    /* The size of the database is not 0. */
    thread.last = memcmp((const unsigned char *)from+4, "\0\0\0", 4)!=0;
  }else if( thread.last ){
    thread.complete = 1;
    if( write_gathered()!=0 ) return -1;
  }
  return (ssize_t)length;
}

/*
** muster_write_piece hands a piece of a file to the disk and waits until the disk has it. It
** returns 0, or -1 and errno. What it reports may not be reported again, not even when the same
** descriptor is flushed. A file system that cannot do this is no error.
*/
int muster_write_piece(int file, int64_t at, int64_t length){
  int failed = sync_file_range(file, (off_t)at, (off_t)length,
      SYNC_FILE_RANGE_WAIT_BEFORE|SYNC_FILE_RANGE_WRITE|SYNC_FILE_RANGE_WAIT_AFTER);
  return failed && errno!=ENOSYS && errno!=EINVAL && errno!=ESPIPE && errno!=EOPNOTSUPP ? -1 : 0;
}

/*
** muster_reserve takes that many bytes at the beginning of a file from the disk, as far as they
** are not there, and leaves the size of the file as it is. It returns 0, or -1 and errno.
*/
int muster_reserve(int file, int64_t length){ return fallocate(file, FALLOC_FL_KEEP_SIZE, 0, (off_t)length); }

/* If a piece fails the move fails, and the pages stay in the WAL. */
static ssize_t write_piece(int file, const void *from, size_t length, off_t at){
  ssize_t n = plain_write(file, from, length, at);
  if( n<=0 ) return n;
  if( thread.writes==0 || at<thread.begin ) thread.begin = at;
  if( thread.writes==0 || at+n>thread.end ) thread.end = at+n;
  if( ++thread.writes==PIECE_WRITES ){
    thread.writes = 0;
    if( muster_write_piece(file, thread.begin, thread.end-thread.begin)!=0 ) return -1;
  }
  return n;
}

static ssize_t write_as_told(int file, const void *from, size_t length, off_t at){
  switch( thread.how ){
    case GATHERED:
      return gather(file, from, length, at);
    case IN_PIECES:
      return write_piece(file, from, length, at);
    default:
      return plain_write(file, from, length, at);
  }
}

/*
** muster_watch_writes is called before SQLite writes anything. It depends on the C library which
** of two calls SQLite uses, and the table has only that.
*/
int muster_watch_writes(void){
  static const char *names[] = {"pwrite", "pwrite64"};
  sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
  unsigned i;
  for(i=0; i<sizeof names/sizeof *names; i++){
    sqlite3_syscall_ptr call = vfs->xGetSystemCall(vfs, names[i]);
    if( call==0 ) continue;
    plain_write = (write_call)call;
    return vfs->xSetSystemCall(vfs, names[i], (sqlite3_syscall_ptr)write_as_told);
  }
  return SQLITE_ERROR;
}

void muster_begin_writing(enum writing how){
  memset(&thread, 0, sizeof thread);
  if( how==GATHERED && (thread.gathered = malloc(GATHERED_BYTES))==0 ) how = PLAINLY;
  thread.how = how;
}

void muster_end_writing(void){
  free(thread.gathered); /* it has something only if the commit has failed */
  memset(&thread, 0, sizeof thread);
}

#else

int muster_watch_writes(void){ return 0; }
int muster_write_piece(int file, int64_t at, int64_t length){ (void)file; (void)at; (void)length; return 0; }
int muster_reserve(int file, int64_t length){ (void)file; (void)length; return 0; }
void muster_begin_writing(enum writing how){ (void)how; }
void muster_end_writing(void){}

#endif
