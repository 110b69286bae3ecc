// Thin shims over Linux system calls whose types Swift imports awkwardly (packed structs, unions, variadics, macros).
//
// Every function answers with the call's result, or with the negated errno: a caller never reads errno itself, so no
// call in between can overwrite it.

#ifndef MUSTER_CLINUX_H
#define MUSTER_CLINUX_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

// Readiness, as epoll names it. Level-triggered, unless CLinuxOnChange is asked for as well.
static const uint32_t CLinuxReadable = 0x001;       // EPOLLIN
static const uint32_t CLinuxWritable = 0x004;       // EPOLLOUT
static const uint32_t CLinuxFailed = 0x008;         // EPOLLERR
static const uint32_t CLinuxHungUp = 0x010;         // EPOLLHUP
static const uint32_t CLinuxPeerFinished = 0x2000;  // EPOLLRDHUP
static const uint32_t CLinuxOnChange = 0x80000000;  // EPOLLET

// An epoll_event without its packing.
struct CLinuxEvent {
    uint32_t readiness;
    uint64_t tag;
};

int clinux_epoll_create(void);
int clinux_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t tag);
int clinux_epoll_modify(int epoll, int descriptor, uint32_t interest, uint64_t tag);
int clinux_epoll_remove(int epoll, int descriptor);

// As clinux_epoll_add, edge-triggered: an eventfd or timerfd added this way need never be read.
int clinux_epoll_add_edge(int epoll, int descriptor, uint64_t tag);

// Waits at most `nanoseconds` (0: not at all) and unpacks the events in place. `events` holds room for `capacity`.
// Uses epoll_pwait2 (Linux 5.11), and whole milliseconds, rounded down, where the kernel has it not. The calling
// thread's timer slack, 50 µs by default, is set to 1 µs at its first wait: a wait then ends at its time.
int clinux_epoll_wait(int epoll, struct CLinuxEvent *events, int capacity, uint64_t nanoseconds);

int clinux_timer_create(void);
// Arms for an absolute CLOCK_MONOTONIC time; 0 disarms.
int clinux_timer_arm(int timer, uint64_t nanoseconds);

int clinux_eventfd_create(void);
int clinux_eventfd_signal(int descriptor);

static inline uint64_t clinux_monotonic(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// CPU time that the calling thread has used, in nanoseconds.
static inline uint64_t clinux_thread_cpu(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline long clinux_receive(int descriptor, void *buffer, size_t capacity) {
    ssize_t count = recv(descriptor, buffer, capacity, MSG_DONTWAIT);
    return count >= 0 ? count : -errno;
}

static inline long clinux_send(int descriptor, const void *bytes, size_t count) {
    ssize_t sent = send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent >= 0 ? sent : -errno;
}

// An IPv4 or IPv6 address with its port, in host byte order but for the 16 address bytes (IPv4 uses the first four).
struct CLinuxAddress {
    bool is_ipv6;
    uint16_t port;
    uint32_t scope;
    uint8_t bytes[16];
};

// A non-blocking, close-on-exec TCP socket.
int clinux_tcp_socket(bool ipv6);
int clinux_close(int descriptor);
// bind; with `late_port` the port is chosen at connect (IP_BIND_ADDRESS_NO_PORT), so that one source address serves
// every destination with its full range of ports.
int clinux_bind(int descriptor, const struct CLinuxAddress *address, bool late_port);
int clinux_connect(int descriptor, const struct CLinuxAddress *address);
int clinux_listen(int descriptor, int backlog);
// accept4, non-blocking and close-on-exec; fills `peer`.
int clinux_accept(int descriptor, struct CLinuxAddress *peer);
int clinux_local_address(int descriptor, struct CLinuxAddress *address);
int clinux_peer_address(int descriptor, struct CLinuxAddress *address);
int clinux_shutdown_write(int descriptor);
// The pending SO_ERROR as a positive errno, 0 for none.
int clinux_pending_error(int descriptor);
int clinux_set_no_delay(int descriptor);
int clinux_set_reuse_address(int descriptor);
int clinux_set_reuse_port(int descriptor);
int clinux_set_ipv6_only(int descriptor);
// SO_LINGER with zero seconds: close() then sends RST and leaves no TIME_WAIT.
int clinux_set_reset_on_close(int descriptor);
int clinux_set_send_buffer(int descriptor, int bytes);
int clinux_set_receive_buffer(int descriptor, int bytes);

// Text to address and back (inet_pton, inet_ntop). `text` for printing has room for 64 bytes.
bool clinux_parse_ipv4(const char *text, struct CLinuxAddress *address);
bool clinux_parse_ipv6(const char *text, struct CLinuxAddress *address);
bool clinux_print_host(const struct CLinuxAddress *address, char *text);
// The index of a network interface by name, for scoped IPv6 addresses; 0 where there is none.
uint32_t clinux_interface_index(const char *name);

// getaddrinfo for TCP: up to `capacity` addresses in the system's order of preference. Answers with their number, or
// with the negated EAI_ code.
int clinux_resolve(const char *host, struct CLinuxAddress *addresses, int capacity);
const char *clinux_resolve_error(int code);
static const int CLinuxResolveNoName = -2;      // EAI_NONAME
static const int CLinuxResolveTryAgain = -3;    // EAI_AGAIN
static const int CLinuxResolveNoAddress = -5;   // EAI_NODATA

// Process figures.
struct CLinuxUsage {
    int64_t user_microseconds;
    int64_t system_microseconds;
    int64_t peak_resident_kibibytes;
};
void clinux_usage(struct CLinuxUsage *usage);
// Bytes handed out by malloc and not yet freed, in all arenas and by mmap (mallinfo2).
uint64_t clinux_malloc_in_use(void);
// Has malloc map blocks of `bytes` and more apart from its heap, and so give them back when they are freed.
void clinux_map_blocks_from(int bytes);
// Gives free pages of malloc's heaps back to the system (malloc_trim).
void clinux_trim_heap(void);
// Usable bytes of one block of malloc (malloc_usable_size).
size_t clinux_block_size(const void *block);

// Has a program that is spawned start without the descriptors from `first` on; `actions` is a posix_spawn_file_actions_t.
int clinux_spawn_close_from(void *actions, int first);

#endif
