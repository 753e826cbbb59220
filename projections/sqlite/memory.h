/*
** What C's allocator holds. See memory.c.
*/
#ifndef MUSTER_MEMORY_H
#define MUSTER_MEMORY_H

void muster_free_memory(void);

#endif
