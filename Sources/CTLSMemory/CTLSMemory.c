// Invariants:
//  - A pool's `base` is set once, before its first block is handed out, and what it points to is never unmapped.
//  - Each block that was ever handed out is in one place: with OpenSSL, on the pool's `warm` list or on its `cold` list.
//    `fresh` counts the blocks ever handed out.
//  - A list is linked apart from the blocks (`link`), so that a free block's memory is never touched. A block on the cold
//    list has given its pages back to the system.
//  - A list's head holds the index of its first block, how many blocks the list has, and a number that grows with each
//    change: a thread that was overtaken by others fails to exchange the head even where the same block has become the
//    first again. The warm list is never longer than `most_kept`.

#define _GNU_SOURCE
#include "CTLSMemory.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// From the lowest bit: index of the first block, length, number of changes.
typedef _Atomic uint64_t List;

enum { index_bits = 18, length_bits = 18, no_block = (1 << index_bits) - 1, length_mask = (1 << length_bits) - 1 };

struct pool {
    // Sizes served: above `above`, up to `size`, which is a multiple of the page size.
    size_t above;
    size_t size;
    // Beyond so many at once malloc serves them. Less than `no_block`.
    uint32_t capacity;
    uint32_t most_kept;
    // NULL: nothing was asked for yet; MAP_FAILED: there is no address space for the pool.
    char *_Atomic base;
    _Atomic uint32_t fresh;
    List warm;
    List cold;
};

// Buffers of records and handshake messages; buffers of the BIO that gathers a flight. What a connection keeps for good,
// one block of some 8 KiB and many small ones, lies outside.
static struct pool pools[] = {
    {.above = 12288, .size = 24576, .capacity = 65536, .most_kept = 16, .warm = no_block, .cold = no_block},
    {.above = 3072, .size = 4096, .capacity = 131072, .most_kept = 32, .warm = no_block, .cold = no_block},
};

static struct pool *const pools_end = pools + sizeof pools / sizeof pools[0];

// MARK: Address space

static size_t link_bytes(const struct pool *pool) {
    return pool->capacity * sizeof(_Atomic uint32_t);
}

// The pool's first block, the links standing before it; NULL where the pool has no memory.
static char *first_block(struct pool *pool) {
    char *base = atomic_load_explicit(&pool->base, memory_order_acquire);
    return base == (char *)MAP_FAILED ? NULL : base;
}

static _Atomic uint32_t *link_of(struct pool *pool, uint32_t index) {
    return (_Atomic uint32_t *)(first_block(pool) - link_bytes(pool)) + index;
}

// Reserves address space for all blocks; memory comes page by page as it is written to. Threads that come at once agree
// on one reservation.
static void start(struct pool *pool) {
    size_t bytes = link_bytes(pool) + pool->capacity * pool->size;
    char *made = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made != (char *)MAP_FAILED) {
        // A huge page would hold the memory of many blocks for the sake of one.
        madvise(made, bytes, MADV_NOHUGEPAGE);
    }
    char *none = NULL;
    char *base = made == (char *)MAP_FAILED ? made : made + link_bytes(pool);
    if (!atomic_compare_exchange_strong(&pool->base, &none, base) && made != (char *)MAP_FAILED) {
        munmap(made, bytes);
    }
}

// MARK: Lists

static uint32_t first_of(uint64_t head) {
    return head & no_block;
}

static uint32_t length_of(uint64_t head) {
    return head >> index_bits & length_mask;
}

// The head after `head`.
static uint64_t changed(uint64_t head, uint32_t first, uint32_t length) {
    uint64_t changes = (head >> (index_bits + length_bits)) + 1;
    return changes << (index_bits + length_bits) | (uint64_t)length << index_bits | first;
}

// False where the list has `limit` blocks already.
static bool push(struct pool *pool, List *list, uint32_t index, uint32_t limit) {
    uint64_t head = atomic_load_explicit(list, memory_order_relaxed);
    uint64_t next;
    do {
        if (length_of(head) >= limit) {
            return false;
        }
        atomic_store_explicit(link_of(pool, index), first_of(head), memory_order_relaxed);
        next = changed(head, index, length_of(head) + 1);
    } while (!atomic_compare_exchange_weak_explicit(list, &head, next, memory_order_release, memory_order_relaxed));
    return true;
}

static uint32_t pop(struct pool *pool, List *list) {
    uint64_t head = atomic_load_explicit(list, memory_order_acquire);
    while (first_of(head) != no_block) {
        // Read of a block that another thread may have taken meanwhile: then the exchange fails.
        uint32_t second = atomic_load_explicit(link_of(pool, first_of(head)), memory_order_relaxed);
        uint64_t next = changed(head, second, length_of(head) - 1);
        if (atomic_compare_exchange_weak_explicit(list, &head, next, memory_order_acq_rel, memory_order_acquire)) {
            return first_of(head);
        }
    }
    return no_block;
}

// MARK: Blocks

static uint32_t take_fresh(struct pool *pool) {
    uint32_t fresh = atomic_load_explicit(&pool->fresh, memory_order_relaxed);
    while (fresh < pool->capacity) {
        if (atomic_compare_exchange_weak_explicit(&pool->fresh, &fresh, fresh + 1, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            return fresh;
        }
    }
    return no_block;
}

// NULL where the pool has none left.
static void *take(struct pool *pool) {
    if (atomic_load_explicit(&pool->base, memory_order_acquire) == NULL) {
        start(pool);
    }
    char *base = first_block(pool);
    if (base == NULL) {
        return NULL;
    }
    uint32_t index = pop(pool, &pool->warm);
    if (index == no_block) {
        index = pop(pool, &pool->cold);
    }
    if (index == no_block) {
        index = take_fresh(pool);
    }
    return index == no_block ? NULL : base + index * pool->size;
}

static void put(struct pool *pool, void *block) {
    uint32_t index = (uint32_t)((size_t)((char *)block - first_block(pool)) / pool->size);
    if (!push(pool, &pool->warm, index, pool->most_kept)) {
        madvise(block, pool->size, MADV_DONTNEED);
        push(pool, &pool->cold, index, pool->capacity);
    }
}

static struct pool *pool_for(size_t count) {
    for (struct pool *pool = pools; pool < pools_end; pool++) {
        if (count > pool->above && count <= pool->size) {
            return pool;
        }
    }
    return NULL;
}

// The pool that a block is of; NULL: malloc's.
static struct pool *pool_of(const void *block) {
    for (struct pool *pool = pools; pool < pools_end; pool++) {
        char *base = first_block(pool);
        if (base != NULL && (uintptr_t)block - (uintptr_t)base < pool->capacity * pool->size) {
            return pool;
        }
    }
    return NULL;
}

// MARK: What OpenSSL calls

void *ctlsmemory_allocate(size_t count, const char *file, int line) {
    (void)file;
    (void)line;
    if (count == 0) {
        return NULL;
    }
    struct pool *pool = pool_for(count);
    void *block = pool == NULL ? NULL : take(pool);
    return block != NULL ? block : malloc(count);
}

void *ctlsmemory_reallocate(void *block, size_t count, const char *file, int line) {
    if (block == NULL) {
        return ctlsmemory_allocate(count, file, line);
    }
    if (count == 0) {
        ctlsmemory_free(block, file, line);
        return NULL;
    }
    struct pool *pool = pool_of(block);
    if (pool == NULL) {
        return realloc(block, count);
    }
    if (count <= pool->size) {
        return block;
    }
    void *larger = ctlsmemory_allocate(count, file, line);
    if (larger != NULL) {
        memcpy(larger, block, pool->size);
        put(pool, block);
    }
    return larger;
}

void ctlsmemory_free(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    struct pool *pool = pool_of(block);
    if (pool == NULL) {
        free(block);
    } else {
        put(pool, block);
    }
}

// MARK: Installing, figures

static bool is_installed;

// Before any other code of the process can have made OpenSSL allocate, which would be too late.
__attribute__((constructor)) static void install(void) {
    is_installed = CRYPTO_set_mem_functions(ctlsmemory_allocate, ctlsmemory_reallocate, ctlsmemory_free) == 1;
}

bool ctlsmemory_is_installed(void) {
    return is_installed;
}

size_t ctlsmemory_blocks_in_use(void) {
    size_t count = 0;
    for (struct pool *pool = pools; pool < pools_end; pool++) {
        count += atomic_load(&pool->fresh) - length_of(atomic_load(&pool->warm)) - length_of(atomic_load(&pool->cold));
    }
    return count;
}

size_t ctlsmemory_blocks_kept(void) {
    size_t count = 0;
    for (struct pool *pool = pools; pool < pools_end; pool++) {
        count += length_of(atomic_load(&pool->warm));
    }
    return count;
}

size_t ctlsmemory_most_blocks_kept(void) {
    size_t count = 0;
    for (struct pool *pool = pools; pool < pools_end; pool++) {
        count += pool->most_kept;
    }
    return count;
}
