#define _GNU_SOURCE
#include "CEpollLoop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 256, BUFFER = 65536, DESCRIPTORS = 65536 };

static int listen_on_loopback(int *port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 65535) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        return -errno;
    }
    *port = ntohs(address.sin_port);
    return listener;
}

static void accept_all(int epoll, int listener, int *waiting) {
    for (;;) {
        int connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (connection < 0) {
            return;
        }
        if (connection >= DESCRIPTORS) {
            close(connection);
            continue;
        }
        int one = 1;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        waiting[connection] = 0;
        struct epoll_event interest = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = connection};
        epoll_ctl(epoll, EPOLL_CTL_ADD, connection, &interest);
    }
}

int epoll_loop_serve(const struct epoll_loop_frames *frames, void (*ready)(int port)) {
    int port = 0;
    int listener = listen_on_loopback(&port);
    if (listener < 0) {
        return listener;
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &interest);
    // Request bytes received so far of each connection's present frame.
    int *waiting = calloc(DESCRIPTORS, sizeof *waiting);
    char *buffer = malloc(BUFFER);
    struct epoll_event events[BATCH];
    ready(port);
    for (;;) {
        int count = epoll_wait(epoll, events, BATCH, -1);
        for (int index = 0; index < count; index++) {
            int connection = events[index].data.fd;
            if (connection == listener) {
                accept_all(epoll, listener, waiting);
                continue;
            }
            ssize_t received = recv(connection, buffer, BUFFER, MSG_DONTWAIT);
            if (received == 0 || (received < 0 && errno != EAGAIN)) {
                close(connection);
                continue;
            }
            if (received > 0) {
                waiting[connection] += (int)received;
            }
            while (waiting[connection] >= frames->request_bytes) {
                waiting[connection] -= frames->request_bytes;
                send(connection, frames->answer, (size_t)frames->answer_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
            }
        }
    }
}
