// Counts what a program allocates, by standing in for malloc and its kin (glibc only). Linking this target is enough.

#ifndef CMALLOCCOUNT_H
#define CMALLOCCOUNT_H

#include <stdint.h>

// Calls that handed out memory since the program started, in all threads.
uint64_t malloc_count_calls(void);
// Bytes they asked for.
uint64_t malloc_count_bytes(void);

#endif
