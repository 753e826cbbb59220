// A file system for SQLite above cksmvfs. It overwrites the gaps in the pages of database files
// with zeros on their way into the file.
//
// The gap of a page is between the pointers to its cells and the first of the cells. When SQLite
// moves cells between pages, it leaves what they were in the gaps, and secure_delete does not
// overwrite that. Nothing finds it again, so nothing can delete it later either.
//
// The format of pages is that of https://www.sqlite.org/fileformat2.html, section 1.6.

#include <pthread.h>
#include <string.h>

#include "gaps.h"
#include "sqlite3.h"

typedef unsigned char u8;

static sqlite3_vfs gaps;           // is cksmvfs but for xOpen
static sqlite3_vfs *below;         // cksmvfs itself
static sqlite3_io_methods methods; // are those of cksmvfs but for xWrite
static const sqlite3_io_methods *methods_below; // is known once a file has been opened
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static const int reserved = 8; // bytes at the end of a page, for cksmvfs

static int two(const u8 *p) { return p[0] << 8 | p[1]; }

// zero_gap overwrites the gap of a page of a b-tree with zeros. It leaves every other page as it
// is. The first byte of those is 0 or 1, unless it is part of the number of a page above 2^25. So
// whatever looks like a page of a b-tree must also have all of its cells where they can be.
static void zero_gap(u8 *page, int size, int header) {
  const u8 *h = page + header;
  int interior = h[0] == 2 || h[0] == 5;
  if (!interior && h[0] != 10 && h[0] != 13) return;
  int cells = two(h + 3), content = two(h + 5), free = two(h + 1);
  int pointers = header + (interior ? 12 : 8), start = pointers + 2 * cells;
  if (content == 0) content = 65536;
  if (start > content || content > size || h[7] > 60 || (free != 0 && (free < content || free > size - 4))) return;
  if (cells == 0 && content < size - reserved) return;
  for (int i = 0; i < cells; i++) {
    int cell = two(page + pointers + 2 * i);
    if (cell < content || cell > size - 4) return;
  }
  memset(page + start, 0, content - start);
}

static int write_page(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset) {
  // cksmvfs writes the checksum into the same bytes.
  if (n >= 512 && (n & (n - 1)) == 0 && offset % n == 0) zero_gap((u8 *)bytes, n, offset == 0 ? 100 : 0);
  return methods_below->xWrite(file, bytes, n, offset);
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
  (void)vfs;
  int code = below->xOpen(below, name, file, flags, out);
  if (code != SQLITE_OK || !(flags & SQLITE_OPEN_MAIN_DB)) return code;
  pthread_mutex_lock(&opening);
  if (methods_below == 0) {
    methods_below = file->pMethods;
    methods = *methods_below;
    methods.xWrite = write_page;
  }
  pthread_mutex_unlock(&opening);
  file->pMethods = &methods; // cksmvfs has the same methods for all such files
  return SQLITE_OK;
}

int muster_register_gaps(void) {
  below = sqlite3_vfs_find("cksmvfs");
  if (below == 0) return SQLITE_ERROR;
  gaps = *below; // its methods find what they need in pAppData
  gaps.zName = "muster";
  gaps.pNext = 0;
  gaps.xOpen = open_file;
  return sqlite3_vfs_register(&gaps, 0);
}

int muster_uncounted(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
