/*
** Gives memory back to the system that has been freed. SQLite's caches are made of small pieces,
** which the allocator of GNU's C library keeps otherwise, however many of them are free.
*/
#include "memory.h"

#include <stdlib.h>

#if defined(__GLIBC__)
# include <malloc.h>
void muster_free_memory(void){ malloc_trim(0); }
#else
void muster_free_memory(void){}
#endif
