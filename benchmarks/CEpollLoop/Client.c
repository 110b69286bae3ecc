#define _GNU_SOURCE
#include "CEpollLoop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, BUFFER = 65536 };

static uint64_t monotonic(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t epoll_loop_cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

struct connection {
    int descriptor;
    int waiting;
};

static int connect_all(int epoll, const struct epoll_loop_load *load, struct connection *connections) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int index = 0; index < load->connections; index++) {
        int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int one = 1;
        if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
            return -errno;
        }
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        connections[index].descriptor = descriptor;
        connections[index].waiting = 0;
        struct epoll_event interest = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = &connections[index]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &interest);
    }
    return 0;
}

static void request(const struct epoll_loop_frames *frames, const struct connection *connection) {
    send(connection->descriptor, frames->request, (size_t)frames->request_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int epoll_loop_run(const struct epoll_loop_frames *frames, const struct epoll_loop_load *load,
                   uint64_t (*count_allocations)(void), struct epoll_loop_result *result) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct connection *connections = calloc((size_t)load->connections, sizeof *connections);
    char *buffer = malloc(BUFFER);
    int failure = connect_all(epoll, load, connections);
    if (failure != 0) {
        return failure;
    }
    struct epoll_event events[BATCH];
    uint64_t start = monotonic(), now = start;
    uint64_t answers = 0, cpu = 0, allocations = 0, measured_from = 0;
    // Paced: the connections take turns, so the next one due is always the next in the array.
    uint64_t gap = load->interval / (uint64_t)load->connections;
    uint64_t next_due = start;
    int next = 0;
    if (load->interval == 0) {
        for (int index = 0; index < load->connections; index++) {
            request(frames, &connections[index]);
        }
    }
    for (;;) {
        struct timespec span = {.tv_sec = 1};
        if (load->interval != 0) {
            uint64_t wait = next_due > now ? next_due - now : 0;
            span.tv_sec = (time_t)(wait / 1000000000u);
            span.tv_nsec = (long)(wait % 1000000000u);
        }
        int count = epoll_pwait2(epoll, events, BATCH, &span, NULL);
        now = monotonic();
        for (int index = 0; index < count; index++) {
            struct connection *connection = events[index].data.ptr;
            ssize_t received = recv(connection->descriptor, buffer, BUFFER, MSG_DONTWAIT);
            if (received == 0 || (received < 0 && errno != EAGAIN)) {
                return received == 0 ? -EPIPE : -errno;
            }
            if (received > 0) {
                connection->waiting += (int)received;
            }
            while (connection->waiting >= frames->answer_bytes) {
                connection->waiting -= frames->answer_bytes;
                answers++;
                if (load->interval == 0) {
                    request(frames, connection);
                }
            }
        }
        while (load->interval != 0 && next_due <= now) {
            request(frames, &connections[next]);
            next = next + 1 == load->connections ? 0 : next + 1;
            next_due += gap;
        }
        if (measured_from == 0 && now - start >= load->warm_up) {
            measured_from = now;
            answers = 0;
            cpu = epoll_loop_cpu();
            allocations = count_allocations();
        } else if (measured_from != 0 && now - measured_from >= load->measured) {
            result->answers = answers;
            result->cpu_nanoseconds = epoll_loop_cpu() - cpu;
            result->elapsed_nanoseconds = now - measured_from;
            result->allocations = count_allocations() - allocations;
            return 0;
        }
    }
}
