// The yardstick: a server that answers every frame, and a client that does nothing but exchange frames with it, each as
// plain a single-threaded epoll loop in C as can be written.

#ifndef CEPOLLLOOP_H
#define CEPOLLLOOP_H

#include <stdint.h>

// The frame that a client sends and the one that the server answers with.
struct epoll_loop_frames {
    const uint8_t *request;
    int request_bytes;
    const uint8_t *answer;
    int answer_bytes;
};

// Listens on a port of 127.0.0.1 and answers until the process is ended. Calls `ready` with the port once it listens.
int epoll_loop_serve(const struct epoll_loop_frames *frames, void (*ready)(int port));

struct epoll_loop_load {
    int port;
    int connections;
    // Nanoseconds between two requests of one connection; 0: the next request follows the answer at once.
    uint64_t interval;
    // Nanoseconds that are not measured at the start, and that are.
    uint64_t warm_up;
    uint64_t measured;
};

struct epoll_loop_result {
    uint64_t answers;
    uint64_t cpu_nanoseconds;
    uint64_t elapsed_nanoseconds;
    uint64_t allocations;
};

// Connects, exchanges frames, and reports on the measured stretch. 0, or a negated errno.
int epoll_loop_run(const struct epoll_loop_frames *frames, const struct epoll_loop_load *load,
                   uint64_t (*count_allocations)(void), struct epoll_loop_result *result);

struct epoll_loop_storms {
    int port;
    int connections;
    // Storms that are measured; one before them is not.
    int storms;
    // Not 0: a storm resets its connections, as Muster's does; otherwise they are closed.
    int resets;
};

struct epoll_loop_storm_result {
    uint64_t reconnects;
    uint64_t cpu_nanoseconds;
    // From the first close to the last answer, of all storms together.
    uint64_t elapsed_nanoseconds;
};

// Drops all connections at once and makes them again: connect, upgrade, one report, its answer. 0, or a negated errno.
int epoll_loop_storm(const struct epoll_loop_storms *load, struct epoll_loop_storm_result *result);

// CPU time of this process so far, user and system, nanoseconds.
uint64_t epoll_loop_cpu(void);

#endif
