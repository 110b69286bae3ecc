// What sealing and opening a record of 150 bytes costs, with OpenSSL's provider called directly and through EVP, in turns: warm, and after
// 4 MiB of other memory and two system calls, which is nearer to what a heartbeat finds. Time-stamp cycles, medians.

#define _GNU_SOURCE
#include "Records.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

enum { payload_bytes = 150, rounds_warm = 20001, rounds_cold = 4001, other_bytes = 4 << 20 };

static volatile unsigned char *other;
static int sockets[2];

static void cool(void) {
    char byte = 0;
    for (size_t i = 0; i < other_bytes; i += 64) {
        other[i]++;
    }
    if (write(sockets[0], &byte, 1) != 1 || read(sockets[1], &byte, 1) != 1) {
        exit(1);
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static void measure(const char *name, int is_cold) {
    static unsigned char key[32] = {1, 2, 3}, iv[copenssl_nonce_bytes] = {9}, payload[payload_bytes], record[256], opened[256];
    static double sealing[2][rounds_warm], opening[2][rounds_warm];
    struct copenssl_aead aead[2];
    int rounds = is_cold ? rounds_cold : rounds_warm;
    if (!copenssl_aead_begin(&aead[0], name, 1) || !copenssl_aead_begin(&aead[1], name, 0)) {
        exit(1);
    }
    for (int i = 0; i < rounds; i++) {
        for (int kind = 0; kind < 2; kind++) {
            if (is_cold) {
                cool();
            }
            unsigned long long start = __rdtsc();
            int is_sealed = copenssl_seal_record(&aead[kind], key, iv, (uint64_t)i, 23, payload, payload_bytes, 0, record);
            sealing[kind][i] = (double)(__rdtsc() - start);
            if (is_cold) {
                cool();
            }
            start = __rdtsc();
            int is_open = copenssl_open_record(&aead[kind], key, iv, (uint64_t)i, record, payload_bytes + 22, opened);
            opening[kind][i] = (double)(__rdtsc() - start);
            if (!is_sealed || !is_open || memcmp(opened, payload, payload_bytes) != 0) {
                exit(1);
            }
        }
    }
    double before[2] = {median(sealing[0], rounds), median(opening[0], rounds)};
    double after[2] = {median(sealing[1], rounds), median(opening[1], rounds)};
    printf("| %s, %s | %.0f + %.0f | %.0f + %.0f | %.2f |%s\n", name, is_cold ? "cold" : "warm", before[0], before[1], after[0], after[1],
           (after[0] + after[1]) / (before[0] + before[1]), aead[1].context == NULL ? "" : " (EVP in both)");
    copenssl_aead_end(&aead[0]);
    copenssl_aead_end(&aead[1]);
}

int main(void) {
    static const char *names[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
    other = calloc(1, other_bytes);
    if (other == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) {
        return 1;
    }
    printf("OpenSSL %s\n\n| cipher | EVP: seal + open, cycles | provider: seal + open, cycles | ratio |\n| --- | --- | --- | --- |\n",
           OpenSSL_version(OPENSSL_VERSION_STRING));
    for (int i = 0; i < 6; i++) {
        measure(names[i / 2], i % 2);
    }
    return 0;
}
