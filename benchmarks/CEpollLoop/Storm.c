#define _GNU_SOURCE
#include "CEpollLoop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, BUFFER = 65536, ANSWER_TIMEOUT_MILLISECONDS = 10000 };

// What a connection waits for.
enum stage { CONNECTING, UPGRADING, REPORTING, ANSWERED };

struct agent {
    int descriptor;
    enum stage stage;
};

static const char upgrade[] =
    "GET /v1/opamp HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

static uint64_t monotonic(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int watch(int epoll, int operation, const struct agent *agent, uint32_t index, uint32_t events) {
    struct epoll_event interest = {.events = events, .data.u32 = index};
    return epoll_ctl(epoll, operation, agent->descriptor, &interest);
}

static int begin(int epoll, struct agent *agent, uint32_t index, const struct sockaddr_in *address) {
    int one = 1;
    agent->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    agent->stage = CONNECTING;
    if (agent->descriptor < 0) {
        return -errno;
    }
    setsockopt(agent->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(agent->descriptor, (const struct sockaddr *)address, sizeof *address) != 0 && errno != EINPROGRESS) {
        return -errno;
    }
    return watch(epoll, EPOLL_CTL_ADD, agent, index, EPOLLOUT) == 0 ? 0 : -errno;
}

// One report in a masked frame: an instance uid and a sequence number.
static void report(const struct agent *agent, uint32_t index, uint8_t number) {
    uint8_t frame[64] = {0x82, 0x80 | 21};
    uint8_t *body = frame + 6;
    body[1] = 0x0a;
    body[2] = 16;
    memset(body + 3, 1, 16);
    memcpy(body + 3, &index, sizeof index);
    body[19] = 0x10;
    body[20] = number;
    send(agent->descriptor, frame, 6 + 21, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// One storm: every agent connects, upgrades, reports and has its answer.
static int storm(int epoll, struct agent *agents, int count, uint8_t number, const struct sockaddr_in *address,
                 char *buffer) {
    struct epoll_event events[BATCH];
    for (int index = 0; index < count; index++) {
        int failure = begin(epoll, &agents[index], (uint32_t)index, address);
        if (failure != 0) {
            return failure;
        }
    }
    for (int left = count; left > 0;) {
        int ready = epoll_wait(epoll, events, BATCH, ANSWER_TIMEOUT_MILLISECONDS);
        if (ready <= 0) {
            return ready == 0 ? -ETIMEDOUT : -errno;
        }
        for (int event = 0; event < ready; event++) {
            uint32_t index = events[event].data.u32;
            struct agent *agent = &agents[index];
            if (agent->stage == CONNECTING) {
                send(agent->descriptor, upgrade, sizeof upgrade - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
                agent->stage = UPGRADING;
                watch(epoll, EPOLL_CTL_MOD, agent, index, EPOLLIN);
                continue;
            }
            if (recv(agent->descriptor, buffer, BUFFER, MSG_DONTWAIT) <= 0) {
                return -EPIPE;
            }
            if (agent->stage == UPGRADING) {
                report(agent, index, number);
                agent->stage = REPORTING;
            } else if (agent->stage == REPORTING) {
                agent->stage = ANSWERED;
                left--;
            }
        }
    }
    return 0;
}

int epoll_loop_storm(const struct epoll_loop_storms *load, struct epoll_loop_storm_result *result) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct agent *agents = calloc((size_t)load->connections, sizeof *agents);
    char *buffer = malloc(BUFFER);
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int failure = storm(epoll, agents, load->connections, 1, &address, buffer);
    *result = (struct epoll_loop_storm_result){0};
    for (int number = 0; number < load->storms && failure == 0; number++) {
        // The server comes to rest.
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        uint64_t cpu = epoll_loop_cpu(), start = monotonic();
        for (int index = 0; index < load->connections; index++) {
            if (load->resets) {
                setsockopt(agents[index].descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            }
            close(agents[index].descriptor);
        }
        failure = storm(epoll, agents, load->connections, (uint8_t)(number + 2), &address, buffer);
        result->reconnects += (uint64_t)load->connections;
        result->elapsed_nanoseconds += monotonic() - start;
        result->cpu_nanoseconds += epoll_loop_cpu() - cpu;
    }
    free(agents);
    free(buffer);
    close(epoll);
    return failure;
}
