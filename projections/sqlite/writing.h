/*
** How a thread writes to files. See writing.c.
*/
#ifndef MUSTER_WRITING_H
#define MUSTER_WRITING_H

#include <stdint.h>

enum writing {
  PLAINLY,
  GATHERED,  /* the frames of a commit, many at once */
  IN_PIECES, /* the pages of a WAL that is being moved, each piece up to the disk */
};

int muster_watch_writes(void);
int muster_write_piece(int file, int64_t at, int64_t length);
int muster_reserve(int file, int64_t length);
void muster_begin_writing(enum writing);
void muster_end_writing(void);

#endif
