// Where OpenSSL's large, short-lived blocks live: apart from the heap, in memory that is given back.
//
// A handshake holds a buffer for messages (21 KiB) and two of a BIO (4 KiB each) until it is done, and every record
// takes a buffer of its own (17 KiB) for a moment. On the heap of malloc they would lie between the small blocks that a
// connection keeps for good: after thousands of handshakes at once the heap would hold on to its peak, in holes.
//
// Linking this target is enough: before `main` begins, OpenSSL is told to allocate by it. Blocks of other sizes, and all
// where OpenSSL is in use already or no address space can be had, are malloc's.

#ifndef MUSTER_CTLSMEMORY_H
#define MUSTER_CTLSMEMORY_H

#include <stdbool.h>
#include <stddef.h>

// Whether OpenSSL allocates by this target.
bool ctlsmemory_is_installed(void);

// Blocks that OpenSSL holds here at present; exact while no thread allocates.
size_t ctlsmemory_blocks_in_use(void);

// Free blocks whose memory is kept for the next use, and the most that there can be.
size_t ctlsmemory_blocks_kept(void);
size_t ctlsmemory_most_blocks_kept(void);

// What OpenSSL calls; public for tests. As malloc, realloc and free.
void *ctlsmemory_allocate(size_t count, const char *file, int line);
void *ctlsmemory_reallocate(void *block, size_t count, const char *file, int line);
void ctlsmemory_free(void *block, const char *file, int line);

#endif
