#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

_Static_assert(EPOLLIN == 0x001 && EPOLLOUT == 0x004 && EPOLLERR == 0x008 && EPOLLHUP == 0x010 && EPOLLRDHUP == 0x2000 &&
                   EPOLLET == 0x80000000u,
               "the readiness constants of the header are epoll's");

static inline int answer(long result) {
    return result >= 0 ? (int)result : -errno;
}

// MARK: epoll

int clinux_epoll_create(void) {
    return answer(epoll_create1(EPOLL_CLOEXEC));
}

static int control(int epoll, int operation, int descriptor, uint32_t interest, uint64_t tag) {
    struct epoll_event event = {.events = interest, .data = {.u64 = tag}};
    return answer(epoll_ctl(epoll, operation, descriptor, &event));
}

int clinux_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t tag) {
    return control(epoll, EPOLL_CTL_ADD, descriptor, interest, tag);
}

int clinux_epoll_add_edge(int epoll, int descriptor, uint64_t tag) {
    return control(epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN | EPOLLET, tag);
}

int clinux_epoll_modify(int epoll, int descriptor, uint32_t interest, uint64_t tag) {
    return control(epoll, EPOLL_CTL_MOD, descriptor, interest, tag);
}

int clinux_epoll_remove(int epoll, int descriptor) {
    return control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0);
}

// Once a thread: its waits end at most a microsecond after their time, not at the kernel's convenience.
static void reduce_timer_slack(void) {
    static _Thread_local bool is_reduced;
    if (!is_reduced) {
        is_reduced = true;
        prctl(PR_SET_TIMERSLACK, 1000ul, 0ul, 0ul, 0ul);
    }
}

int clinux_epoll_wait(int epoll, struct CLinuxEvent *events, int capacity, uint64_t nanoseconds) {
    // A packed epoll_event (12 bytes) is never larger than a CLinuxEvent (16), so the array is filled packed and then
    // widened from its end: no second buffer.
    _Static_assert(sizeof(struct epoll_event) <= sizeof(struct CLinuxEvent), "widening in place");
    static _Atomic bool lacks_precise_wait;
    struct epoll_event *packed = (struct epoll_event *)events;
    long count;
    if (nanoseconds == 0 || lacks_precise_wait) {
        uint64_t milliseconds = nanoseconds / 1000000;
        count = epoll_wait(epoll, packed, capacity, milliseconds > 60000 ? 60000 : (int)milliseconds);
    } else {
        reduce_timer_slack();
        struct timespec span = {.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
        count = syscall(SYS_epoll_pwait2, epoll, packed, capacity, &span, NULL, 0);
        if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
            lacks_precise_wait = true;
            count = epoll_wait(epoll, packed, capacity, 0);
        }
    }
    if (count < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (long index = count - 1; index >= 0; index--) {
        struct epoll_event event;
        memcpy(&event, (char *)events + index * (long)sizeof event, sizeof event);
        events[index].readiness = event.events;
        events[index].tag = event.data.u64;
    }
    return (int)count;
}

// MARK: timerfd, eventfd

int clinux_timer_create(void) {
    return answer(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
}

int clinux_timer_arm(int timer, uint64_t nanoseconds) {
    struct itimerspec setting = {
        .it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)}};
    return answer(timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL));
}

int clinux_eventfd_create(void) {
    return answer(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

int clinux_eventfd_signal(int descriptor) {
    uint64_t one = 1;
    return answer(write(descriptor, &one, sizeof one));
}

// MARK: addresses

static socklen_t to_sockaddr(const struct CLinuxAddress *address, struct sockaddr_storage *storage) {
    memset(storage, 0, sizeof *storage);
    if (address->is_ipv6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(address->port);
        six->sin6_scope_id = address->scope;
        memcpy(&six->sin6_addr, address->bytes, 16);
        return sizeof *six;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)storage;
    four->sin_family = AF_INET;
    four->sin_port = htons(address->port);
    memcpy(&four->sin_addr, address->bytes, 4);
    return sizeof *four;
}

static bool from_sockaddr(const struct sockaddr *source, struct CLinuxAddress *address) {
    memset(address, 0, sizeof *address);
    if (source->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)source;
        address->is_ipv6 = true;
        address->port = ntohs(six->sin6_port);
        address->scope = six->sin6_scope_id;
        memcpy(address->bytes, &six->sin6_addr, 16);
        return true;
    }
    if (source->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)source;
        address->port = ntohs(four->sin_port);
        memcpy(address->bytes, &four->sin_addr, 4);
        return true;
    }
    return false;
}

bool clinux_parse_ipv4(const char *text, struct CLinuxAddress *address) {
    memset(address, 0, sizeof *address);
    return inet_pton(AF_INET, text, address->bytes) == 1;
}

bool clinux_parse_ipv6(const char *text, struct CLinuxAddress *address) {
    memset(address, 0, sizeof *address);
    address->is_ipv6 = true;
    return inet_pton(AF_INET6, text, address->bytes) == 1;
}

bool clinux_print_host(const struct CLinuxAddress *address, char *text) {
    return inet_ntop(address->is_ipv6 ? AF_INET6 : AF_INET, address->bytes, text, 64) != NULL;
}

uint32_t clinux_interface_index(const char *name) {
    return if_nametoindex(name);
}

int clinux_resolve(const char *host, struct CLinuxAddress *addresses, int capacity) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, NULL, &hints, &found);
    if (code != 0) {
        return code;  // EAI_ codes are negative
    }
    int count = 0;
    for (struct addrinfo *each = found; each != NULL && count < capacity; each = each->ai_next) {
        if (from_sockaddr(each->ai_addr, &addresses[count])) {
            count++;
        }
    }
    freeaddrinfo(found);
    return count;
}

const char *clinux_resolve_error(int code) {
    return gai_strerror(code);
}

// MARK: sockets

int clinux_tcp_socket(bool ipv6) {
    return answer(socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
}

int clinux_close(int descriptor) {
    return answer(close(descriptor));
}

static int set_flag(int descriptor, int level, int option, int value) {
    return answer(setsockopt(descriptor, level, option, &value, sizeof value));
}

int clinux_bind(int descriptor, const struct CLinuxAddress *address, bool late_port) {
    struct sockaddr_storage storage;
    socklen_t length = to_sockaddr(address, &storage);
    if (late_port) {
        set_flag(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    }
    return answer(bind(descriptor, (struct sockaddr *)&storage, length));
}

int clinux_connect(int descriptor, const struct CLinuxAddress *address) {
    struct sockaddr_storage storage;
    socklen_t length = to_sockaddr(address, &storage);
    return answer(connect(descriptor, (struct sockaddr *)&storage, length));
}

int clinux_listen(int descriptor, int backlog) {
    return answer(listen(descriptor, backlog));
}

int clinux_accept(int descriptor, struct CLinuxAddress *peer) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int accepted = accept4(descriptor, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) {
        return -errno;
    }
    from_sockaddr((struct sockaddr *)&storage, peer);
    return accepted;
}

typedef int (*name_call)(int, struct sockaddr *, socklen_t *);

static int socket_name(name_call call, int descriptor, struct CLinuxAddress *address) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (call(descriptor, (struct sockaddr *)&storage, &length) != 0) {
        return -errno;
    }
    return from_sockaddr((struct sockaddr *)&storage, address) ? 0 : -EAFNOSUPPORT;
}

static int local_name(int descriptor, struct sockaddr *name, socklen_t *length) {
    return getsockname(descriptor, name, length);
}

static int peer_name(int descriptor, struct sockaddr *name, socklen_t *length) {
    return getpeername(descriptor, name, length);
}

int clinux_local_address(int descriptor, struct CLinuxAddress *address) {
    return socket_name(local_name, descriptor, address);
}

int clinux_peer_address(int descriptor, struct CLinuxAddress *address) {
    return socket_name(peer_name, descriptor, address);
}

int clinux_shutdown_write(int descriptor) {
    return answer(shutdown(descriptor, SHUT_WR));
}

int clinux_pending_error(int descriptor) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
        return errno;
    }
    return error;
}

int clinux_set_no_delay(int descriptor) {
    return set_flag(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
}

int clinux_set_reuse_address(int descriptor) {
    return set_flag(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
}

int clinux_set_reuse_port(int descriptor) {
    return set_flag(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
}

int clinux_set_ipv6_only(int descriptor) {
    return set_flag(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

int clinux_set_reset_on_close(int descriptor) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return answer(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

int clinux_set_send_buffer(int descriptor, int bytes) {
    return set_flag(descriptor, SOL_SOCKET, SO_SNDBUF, bytes);
}

int clinux_set_receive_buffer(int descriptor, int bytes) {
    return set_flag(descriptor, SOL_SOCKET, SO_RCVBUF, bytes);
}

// MARK: the process

void clinux_usage(struct CLinuxUsage *usage) {
    struct rusage figures;
    getrusage(RUSAGE_SELF, &figures);
    usage->user_microseconds = figures.ru_utime.tv_sec * 1000000 + figures.ru_utime.tv_usec;
    usage->system_microseconds = figures.ru_stime.tv_sec * 1000000 + figures.ru_stime.tv_usec;
    usage->peak_resident_kibibytes = figures.ru_maxrss;
}

uint64_t clinux_malloc_in_use(void) {
    struct mallinfo2 figures = mallinfo2();
    return (uint64_t)figures.uordblks + (uint64_t)figures.hblkhd;
}

void clinux_map_blocks_from(int bytes) {
    mallopt(M_MMAP_THRESHOLD, bytes);
}

void clinux_trim_heap(void) {
    malloc_trim(0);
}

size_t clinux_block_size(const void *block) {
    return malloc_usable_size((void *)block);
}

int clinux_spawn_close_from(void *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
